# Placement timing by the installed package gfoRmula: the parametric g-formula, point estimate only.
#
# Rscript peers_gformula.R PERSON_WEEKS.csv SEED
# Reads the person-weeks that benchmarks/peers_data.py writes (one row per person and week at risk, t0 = week - 1) and prints a
# line per figure: name, tab, value. Only the call of gformula_survival is timed; reading the file and loading R are not.
# The package must be installed already; it is not a part of this project.

suppressPackageStartupMessages({
  library(data.table)
  library(gfoRmula)
})
setDTthreads(1)

arguments <- commandArgs(trailingOnly = TRUE)
weeks <- fread(arguments[1])
# A drawn value is cast to the type of the observed one: whole numbers would be cut off, so everything is a double.
weeks[, (names(weeks)) := lapply(.SD, as.numeric)]
HORIZON <- 52
WINDOW <- 26
GRACE <- 8

# Histories. A value "_foer" is as it stood before the week's own draw, so that no model sees what it predicts.
before <- function(pool, time_name, t, id_name, name) {
  now <- which(pool[[time_name]] == t)
  if (t == 0) return(list(now = now, value = numeric(length(now))))
  last <- which(pool[[time_name]] == t - 1)
  list(now = now, value = pool[[name]][last][match(pool[[id_name]][now], pool[[id_name]][last])])
}

since_placement <- function(pool, histvars, time_name, t, id_name) {
  placed <- before(pool, time_name, t, id_name, "plassert")
  since <- before(pool, time_name, t, id_name, "uker_siden")$value
  set(pool, placed$now, "uker_siden", ifelse(placed$value == 1, since + 1, 0))
}

measure_age <- function(pool, histvars, time_name, t, id_name) {
  age <- before(pool, time_name, t, id_name, "kartlegging_uker")
  known <- before(pool, time_name, t, id_name, "kartlagt")$value
  new <- pool$ny_kartlegging[age$now]
  older <- if (t == 0) age$value else age$value + 1
  set(pool, age$now, "kartlegging_uker_foer", older)
  set(pool, age$now, "kartlegging_uker", ifelse(new == 1, 0, older))
  set(pool, age$now, "kartlagt_foer", known)
  set(pool, age$now, "kartlagt", pmax(known, new))
}

contacts_so_far <- function(pool, histvars, time_name, t, id_name) {
  so_far <- before(pool, time_name, t, id_name, "kontakter")
  set(pool, so_far$now, "kontakter_foer", so_far$value)
  set(pool, so_far$now, "kontakter", so_far$value + pool$kontakt[so_far$now])
}

# First placement in week k of the grace weeks with probability 1 / (grace - k + 1) for those not yet placed.
uniform_grace <- function(newdf, pool, intvar, intvals, time_name, t) {
  earlier <- if (t == 0) 0 else newdf$lag1_plassert
  starts <- rbinom(nrow(newdf), 1, 1 / (GRACE - t))
  set(newdf, j = intvar, value = as.numeric(pmax(earlier, starts)))
}

fixed <- paste(grep("^g_", names(weeks), value = TRUE), collapse = " + ")
model <- function(outcome, ...) as.formula(paste(outcome, "~", paste(c(...), collapse = " + ")))
early <- "splines::ns(t0, knots = c(2, 5, 9, 16, 30), Boundary.knots = c(0, 51))"
time <- "splines::ns(t0, knots = c(8, 24), Boundary.knots = c(0, 51))"
lagged_state <- c("lag1_norsk", "lag1_arbeidsklar", "lag1_omsorg", "kartlagt_foer")
lagged_placed <- c("lag1_plassert", "log1p(uker_siden)")
lagged_courses <- c("lag1_norskopplaering", "lag1_spraakpraksis", "lag1_andre_tiltak")
state <- c("norsk", "I(norsk^2)", "arbeidsklar", "I(arbeidsklar^2)", "omsorg", "kartlagt")
courses <- c("norskopplaering", "spraakpraksis", "andre_tiltak", "log1p(kontakter)")
age <- "kartlagt_foer * splines::ns(pmin(kartlegging_uker_foer, 14), knots = c(4, 7, 9, 11), Boundary.knots = c(0, 14))"
quarter <- "factor(floor(((startdag + 7 * t0) %% 365.25) / 91.3125))"

covmodels <- c(
  model("ny_kartlegging", age, time, "lag1_plassert"),
  model("norsk", "lag1_norsk * kartlagt_foer", "kartlegging_uker_foer", "lag1_arbeidsklar", lagged_placed, lagged_courses, time, fixed),
  model("arbeidsklar", "lag1_arbeidsklar * kartlagt_foer", "norsk", "kartlegging_uker_foer", lagged_placed, lagged_courses,
        "log1p(kontakter_foer)", time, fixed),
  model("omsorg", "lag1_omsorg * kartlagt_foer", "kartlegging_uker_foer", lagged_placed, time, fixed),
  model("norskopplaering", "lag1_norskopplaering * (norsk + lag1_plassert)", "kartlagt", time, fixed),
  model("spraakpraksis", "lag1_spraakpraksis * lag1_plassert", "norsk", "kartlagt", early, fixed),
  model("andre_tiltak", "lag1_andre_tiltak", lagged_placed, "norsk", "arbeidsklar", time, fixed),
  model("kontakt", "lag1_kontakt", "log1p(kontakter_foer)", "arbeidsklar", "kartlagt", lagged_placed, time, fixed),
  model("plassert", early, state, courses, "kartlegging_uker", quarter, fixed)
)
exits <- c("plassert", "log1p(uker_siden)", state, courses, early, fixed)
changing <- c("ny_kartlegging", "norsk", "arbeidsklar", "omsorg", "norskopplaering", "spraakpraksis", "andre_tiltak", "kontakt", "plassert")

said <- list()
took <- system.time(fit <- withCallingHandlers(
  gformula_survival(
    obs_data = weeks, id = "id", time_points = HORIZON, time_name = "t0", covnames = changing,
    covtypes = c("binary", "normal", "normal", "normal", "binary", "binary", "binary", "binary", "absorbing"),
    covparams = list(covmodels = covmodels), basecovs = c(grep("^g_", names(weeks), value = TRUE), "startdag"),
    histories = c(lagged, since_placement, measure_age, contacts_so_far),
    histvars = list(changing, "plassert", "ny_kartlegging", "kontakt"),
    restrictions = lapply(c("norsk", "arbeidsklar", "omsorg"), function(name) list(name, "ny_kartlegging==1", carry_forward)),
    outcome_name = "Y", ymodel = model("Y", exits), compevent_name = "D", compevent_model = model("D", exits),
    intvars = list("plassert", "plassert"),
    interventions = list(list(c(uniform_grace)), list(c(static, rep(0, HORIZON)))),
    int_times = list(list(0:(GRACE - 1)), list(0:(WINDOW - 1))),
    int_descript = c("first placement by week 8, uniform", "none in weeks 1-26"),
    nsamples = 0, seed = as.integer(arguments[2]), show_progress = FALSE
  ),
  # Each message once, with how often it came: a week in which no assessment can fall gives fitted probabilities of 0, and so on.
  warning = function(w) {
    said[[conditionMessage(w)]] <<- sum(said[[conditionMessage(w)]], 1)
    invokeRestart("muffleWarning")
  }
))
for (text in names(said)) message(said[[text]], " x ", text)

risk <- function(arm) fit$result[k == HORIZON - 1 & Interv. == arm][["g-form risk"]]
say <- function(name, value) cat(name, "\t", format(value, digits = 10), "\n", sep = "")
say("seconds", took[["elapsed"]])
say("processor", took[["user.self"]] + took[["sys.self"]])
say("early", risk(1))
say("none", risk(2))
say("natural", risk(0))
say("R", paste(R.version$major, R.version$minor, sep = "."))
say("gfoRmula", as.character(packageVersion("gfoRmula")))
say("data.table", as.character(packageVersion("data.table")))
