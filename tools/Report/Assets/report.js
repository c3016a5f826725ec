(function () {
  'use strict';
  var text = { labelColor: 'var(--ink-2)', titleColor: 'var(--ink-2)' };
  var font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
  var config = {
    background: null,
    font: font,
    view: { stroke: null },
    axis: Object.assign({ domainColor: 'var(--line)', tickColor: 'var(--line)', gridColor: 'var(--grid)', labelFontSize: 11, titleFontSize: 12, titleFontWeight: 400, titlePadding: 10 }, text)
  };
  var options = { actions: false, renderer: 'svg', ast: true, config: config };
  var hosts = Array.prototype.slice.call(document.querySelectorAll('[data-spec]'));

  Promise.all(hosts.map(function (host) {
    var spec = JSON.parse(document.getElementById(host.dataset.spec).textContent);
    return vegaEmbed(host, spec, options);
  })).then(function () {
    document.documentElement.dataset.charts = 'drawn';
  }, function (error) {
    document.documentElement.dataset.charts = 'failed';
    console.error(error);
  });

  window.addEventListener('beforeprint', function () {
    document.querySelectorAll('details').forEach(function (part) { part.open = true; });
  });
})();
