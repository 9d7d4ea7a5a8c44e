# One fit by the installed package TrialEmulation, for its time only: a sequence of emulated trials answers another question.
#
# Rscript peers_trials.R PERSON_WEEKS.csv FOLDER
# Reads what benchmarks/peers_data.py writes. A trial starts in each of weeks 1-26 among those not yet placed; per protocol, with
# weights for staying unplaced, followed to week 52. The package must be installed already; it is not a part of this project.

suppressPackageStartupMessages({
  library(data.table)
  library(TrialEmulation)
})
setDTthreads(1)

arguments <- commandArgs(trailingOnly = TRUE)
weeks <- fread(arguments[1])
setorder(weeks, id, t0)
weeks[, placed_before := shift(plassert, fill = 0), by = id]
weeks[, eligible := as.numeric(placed_before == 0)]
# Whoever left to anything else simply ends: this package has no competing events.
weeks[is.na(Y), Y := 0]
fixed <- grep("^g_", names(weeks), value = TRUE)
state <- c("norsk", "I(norsk^2)", "arbeidsklar", "I(arbeidsklar^2)", "omsorg", "norskopplaering", "spraakpraksis", "andre_tiltak")
sides <- function(...) as.formula(paste("~", paste(c(...), collapse = " + ")))

took <- system.time(fit <- initiators(
  data = weeks, id = "id", period = "t0", treatment = "plassert", outcome = "Y", eligible = "eligible",
  estimand_type = "PP", outcome_cov = sides(state, fixed), model_var = "assigned_treatment",
  switch_n_cov = sides(fixed), switch_d_cov = sides(state, fixed, "period", "I(period^2)"),
  first_period = 0, last_period = 25, last_followup = 51,
  include_followup_time = ~ splines::ns(followup_time, knots = c(8, 24), Boundary.knots = c(0, 51)),
  include_trial_period = ~ trial_period + I(trial_period^2),
  analysis_weights = "asis", glm_function = "glm", data_dir = arguments[2], quiet = TRUE
))

say <- function(name, value) cat(name, "\t", format(value, digits = 10), "\n", sep = "")
say("seconds", took[["elapsed"]])
say("processor", took[["user.self"]] + took[["sys.self"]])
say("rows", nobs(fit$model))
say("TrialEmulation", as.character(packageVersion("TrialEmulation")))
