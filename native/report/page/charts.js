// The report's charts, by Chart.js. Colours come from the style sheet, so a change between light and
// dark redraws them. Every value is a number or null (JSON has no NaN).
'use strict';

const charts = [];

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
const wash = (name, alpha) => `rgb(${colour(name)} / ${alpha})`;

function palette() {
  return {
    ink: colour('--ink'),
    muted: colour('--muted'),
    hair: colour('--hair'),
    bar: colour('--bar'),
    accent: colour('--accent'),
    sheet: colour('--sheet'),
  };
}

// What all charts share. `title` names the axes for those who cannot see them.
function chart_options(p, x_title, y_title, more) {
  const axis = (title, extra) => ({
    ...extra,
    title: { display: true, text: title, color: p.muted },
    ticks: { color: p.muted, maxRotation: 0, ...extra?.ticks },
    grid: { color: p.hair, drawBorder: false, ...extra?.grid },
  });
  return {
    responsive: true,
    maintainAspectRatio: false,
    animation: false,
    interaction: { mode: 'index', intersect: false },
    plugins: {
      legend: {
        display: more.legend ?? true,
        align: 'start',
        labels: { color: p.muted, usePointStyle: true, ...more.legend_labels },
      },
      tooltip: {
        backgroundColor: p.ink,
        titleColor: p.sheet,
        bodyColor: p.sheet,
        displayColors: false,
        callbacks: more.tooltip ?? {},
      },
    },
    scales: { x: axis(x_title, more.x), y: axis(y_title, more.y) },
  };
}

// Draws, and draws again when the colours change. `make(palette)` returns Chart.js's configuration.
function add_chart(canvas, make) {
  const draw = () => new Chart(canvas, make(palette()));
  const entry = { chart: draw(), draw };
  charts.push(entry);
  return entry;
}

function remove_chart(entry) {
  entry.chart.destroy();
  charts.splice(charts.indexOf(entry), 1);
}

function redraw_charts() {
  for (const entry of charts) {
    entry.chart.destroy();
    entry.chart = entry.draw();
  }
}

// One curve: `key` of each epoch; the best epoch is a dot.
function curve(p, epochs, key, label, tone, dashed) {
  const few = epochs.length === 1;
  return {
    label,
    data: epochs.map((epoch) => ({ x: epoch.epoch, y: epoch[key] })),
    borderColor: tone,
    backgroundColor: tone,
    borderWidth: 2,
    borderDash: dashed ? [5, 4] : [],
    pointRadius: epochs.map((epoch) => (few || (epoch.best_of_all && !dashed) ? 4 : 0)),
    pointHitRadius: 8,
    pointStyle: 'circle',
    tension: 0,
  };
}

function curve_chart(canvas, epochs, title, curves, y) {
  add_chart(canvas, (p) => ({
    type: 'line',
    data: { datasets: curves(p) },
    options: chart_options(p, 'epoch', title, {
      legend: curves(p).length > 1,
      legend_labels: { pointStyle: 'line' },
      x: { type: 'linear', ticks: { precision: 0 }, grid: { display: false } },
      y,
      tooltip: {
        title: (items) => `epoch ${items[0].parsed.x}${epochs[items[0].dataIndex].best_of_all ? ' (kept)' : ''}`,
      },
    }),
  }));
}

function draw_curves(make_card, epochs) {
  curve_chart(make_card('Loss', 'nats an image'), epochs, 'loss', (p) => [
    curve(p, epochs, 'train_loss', 'training', p.bar, true),
    curve(p, epochs, 'validation_loss', 'held out', p.accent),
  ]);
  const percent = { ticks: { callback: (value) => `${+(100 * value).toFixed(2)} %` } };
  curve_chart(
    make_card('Accuracy', 'share read right'),
    epochs,
    'accuracy',
    (p) => [
      curve(p, epochs, 'train_accuracy', 'training', p.bar, true),
      curve(p, epochs, 'validation_accuracy', 'held out', p.accent),
    ],
    percent,
  );
  curve_chart(make_card('Learning rate', 'at the epoch’s end'), epochs, 'learning rate', (p) => [
    curve(p, epochs, 'learning_rate', 'learning rate', p.ink),
  ]);
}

const share_text = (value) => `${Math.round(100 * value)} %`;

// Accuracy of each bin of confidence with its 95 % interval, and the diagonal that a calibrated network
// follows.
function calibration_chart(canvas, bins) {
  const used = bins.filter((bin) => bin.count > 0);
  const datasets = (p) => [
    {
      type: 'line',
      label: 'accuracy',
      data: used.map((bin) => ({ x: bin.confidence, y: bin.accuracy, bin })),
      borderColor: p.accent,
      backgroundColor: p.accent,
      borderWidth: 2,
      pointRadius: 4,
    },
    {
      type: 'bar',
      label: '95 % interval',
      data: used.map((bin) => ({ x: bin.confidence, y: bin.interval, bin })),
      backgroundColor: wash('--wrong', '28%'),
      barThickness: 6,
      grouped: false,
    },
    {
      type: 'line',
      label: 'calibrated',
      data: [
        { x: 0, y: 0 },
        { x: 1, y: 1 },
      ],
      borderColor: p.muted,
      borderDash: [5, 4],
      borderWidth: 1,
      pointRadius: 0,
      pointHitRadius: 0,
    },
  ];
  const axis = (more) => ({
    min: 0,
    max: 1,
    ticks: { callback: share_text, stepSize: 0.2 },
    ...more,
  });
  return add_chart(canvas, (p) => ({
    data: { datasets: datasets(p) },
    options: {
      ...chart_options(p, 'confidence', 'accuracy', {
        x: axis({ type: 'linear', grid: { display: false } }),
        y: axis(),
        tooltip: {
          title: () => '',
          label: ({ raw: { bin } }) =>
            bin && [
              `${bin.count} images, ${share_text(bin.low)} to ${share_text(bin.high)} sure`,
              `said ${(100 * bin.confidence).toFixed(1)} %, right ${(100 * bin.accuracy).toFixed(1)} %`,
            ],
        },
      }),
      interaction: { mode: 'nearest', intersect: true },
    },
  }));
}

// How many images were answered with which confidence.
function confidence_chart(canvas, bins) {
  const label = (bin) => share_text(bin.high);
  const data = (value) => bins.map((bin) => value(bin) || null); // no logarithm of 0
  const bars = (name, values, tone) => ({ label: name, data: values, backgroundColor: tone, borderRadius: 2 });
  return add_chart(canvas, (p) => ({
    type: 'bar',
    data: {
      labels: bins.map(label),
      datasets: [
        bars('read right', data((bin) => bin.count - bin.wrong), p.ink),
        bars('read wrong', data((bin) => bin.wrong), p.accent),
      ],
    },
    options: chart_options(p, 'confidence up to', 'images', {
      x: { grid: { display: false } },
      y: {
        type: 'logarithmic',
        min: 0.8,
        ticks: {
          callback: (value) => (Number.isInteger(Math.log10(value)) ? value.toLocaleString('en') : null),
        },
      },
    }),
  }));
}
