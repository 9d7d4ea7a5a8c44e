/* Classic script, so that the pages run from file:// too: lazy charts, panels with deep links, age of the build, print. */
(function () {
  "use strict";
  var body = document.body;
  var loading = null;
  var PRINT_WIDTH = 660;

  function loadPlotly() {
    if (!loading) {
      loading = new Promise(function (resolve, reject) {
        var script = document.createElement("script");
        script.src = body.dataset.plotly;
        script.onload = resolve;
        script.onerror = reject;
        document.head.appendChild(script);
      });
    }
    return loading;
  }

  function isHidden(chart) {
    return chart.closest("[hidden]") !== null;
  }

  function draw(chart) {
    if (chart.dataset.drawn || isHidden(chart) || !window.Plotly) return;
    chart.dataset.drawn = "1";
    var figure = JSON.parse(document.getElementById(chart.dataset.figure).textContent);
    window.Plotly.newPlot(chart, figure.data, figure.layout, window.FIGURE_CONFIG);
  }

  function reserve() {
    charts().forEach(function (chart) { chart.style.minHeight = chart.dataset.height + "px"; });
  }

  function charts() {
    return Array.prototype.slice.call(document.querySelectorAll(".chart"));
  }

  /* Once the library is there the rest of the page's charts cost little: they are drawn while nothing else happens. */
  function drawRest() {
    var idle = window.requestIdleCallback || function (run) { window.setTimeout(run, 200); };
    idle(function () { charts().forEach(draw); });
  }

  /* A reader who prints without scrolling gets the charts too: the library comes when the page itself is done. */
  function prepareForPrint() {
    if (charts().length) loadPlotly().then(drawRest);
  }
  function want(chart) {
    loadPlotly().then(function () { draw(chart); drawRest(); });
  }

  function watch() {
    if (!("IntersectionObserver" in window)) { charts().forEach(want); return; }
    var observer = new IntersectionObserver(function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) { observer.unobserve(entry.target); want(entry.target); }
      });
    }, { rootMargin: "400px" });
    charts().forEach(function (chart) { observer.observe(chart); });
  }

  function show(picker, ident) {
    var panels = document.getElementById(picker.dataset.picker).children;
    Array.prototype.forEach.call(panels, function (panel) { panel.hidden = panel.id !== ident; });
    picker.value = ident;
    if (window.Plotly) charts().forEach(draw);
  }

  function fromHash(picker) {
    var wanted = decodeURIComponent(window.location.hash.slice(1));
    var known = Array.prototype.some.call(picker.options, function (option) { return option.value === wanted; });
    if (known) show(picker, wanted);
    return known;
  }

  function setUpPickers() {
    Array.prototype.forEach.call(document.querySelectorAll("select[data-picker]"), function (picker) {
      picker.closest(".picker").hidden = false;
      if (!fromHash(picker)) show(picker, picker.options[0].value);
      picker.addEventListener("change", function () {
        show(picker, picker.value);
        window.history.replaceState(null, "", "#" + encodeURIComponent(picker.value));
      });
      window.addEventListener("hashchange", function () { fromHash(picker); });
    });
  }

  function warnWhenOld() {
    var notice = document.getElementById("gammel");
    if (!notice || !body.dataset.built) return;
    var hours = (Date.now() - Date.parse(body.dataset.built)) / 3600000;
    notice.hidden = !(hours > Number(body.dataset.staleHours));
  }

  function resize(width) {
    charts().forEach(function (chart) {
      if (chart.dataset.drawn) window.Plotly.relayout(chart, width ? { width: width, autosize: false } : { width: null, autosize: true });
    });
  }

  window.addEventListener("beforeprint", function () {
    Array.prototype.forEach.call(document.querySelectorAll("details"), function (part) { part.open = true; });
    if (!window.Plotly) return;
    charts().forEach(draw);
    resize(PRINT_WIDTH);
  });
  window.addEventListener("afterprint", function () { if (window.Plotly) resize(0); });

  window.addEventListener("load", function () { window.setTimeout(prepareForPrint, 500); });
  reserve();
  setUpPickers();
  warnWhenOld();
  watch();
})();
