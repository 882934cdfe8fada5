/* Draws the charts from the data beside them, sorts and filters tables, copies commands. With #selftest in the address
 * the page tests itself and writes what it found to its end. */
"use strict";

(() => {
    /* ---- Colours: told apart by people who do not see all of them, and never the only difference ---- */

    const palettes = {
        light: {
            ink: "#22211d", soft: "#69665c", grid: "#e9e5da", card: "#ffffff",
            series: ["#2f62a3", "#c0561f", "#26805b", "#8a4c93", "#a67c1e", "#3b9ab8", "#b5406b", "#6e7b2a"],
            limit: "#7b786e", verdicts: ["#b3261e", "#8d8a80", "#d9a437"], worse: "#b3261e", better: "#1d7348",
        },
        dark: {
            ink: "#e8e5dc", soft: "#a09c90", grid: "#2d2e35", card: "#1c1d22",
            series: ["#7fb0ec", "#f0945c", "#66c79b", "#c794d2", "#dcb55a", "#74cbe6", "#ee85aa", "#b3c25f"],
            limit: "#8d8a80", verdicts: ["#e0695c", "#77757c", "#dcb55a"], worse: "#f08a7e", better: "#6cc698",
        },
    };
    const dark = matchMedia("(prefers-color-scheme: dark)");
    const dashes = [[], [7, 3], [2, 3], [9, 3, 2, 3]];
    const shapes = ["circle", "rect", "triangle", "rectRot", "crossRot", "star", "cross", "rectRounded"];

    /* ---- Numbers as in the tables ---- */

    const prefixed = ["s", "B", "B/s", "flop/s", "op/s", "item/s", "Hz"];
    const prefixes = [[1e-12, "p"], [1e-9, "n"], [1e-6, "µ"], [1e-3, "m"], [1, ""], [1e3, "k"], [1e6, "M"], [1e9, "G"], [1e12, "T"]];

    function superscript(n) {
        return String(n).replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit]);
    }

    function plain(x) {
        const size = Math.abs(x);
        if (x === 0 || (size >= 1e-3 && size < 1e4) || (size < 1e6 && !isDecade(size)))
            return String(Number(x.toPrecision(4))).replace("-", "−");
        const [mantissa, power] = x.toExponential(2).split("e");
        const short = String(Number(mantissa)).replace("-", "−");
        return (short === "1" ? "" : short + "×") + "10" + superscript(Number(power));
    }

    function shown(x, unit) {
        if (unit === "x")
            return plain(x) + "×";
        if (!prefixed.includes(unit))
            return plain(x) + (unit ? " " + unit : "");
        const usable = prefixes.filter(([scale]) => (unit === "s" ? scale <= 1 : scale >= 1));
        const [scale, name] = usable.filter(([s]) => Math.abs(x) >= 0.9995 * s).pop() || usable[0];
        return x === 0 ? "0" : Number((x / scale).toPrecision(3)) + " " + name + unit;
    }

    /* ---- Whiskers: 95 % intervals ---- */

    const whiskers = {
        id: "whiskers",
        afterDatasetsDraw(chart) {
            const across = chart.options.indexAxis === "y";
            const scale = chart.scales[across ? "x" : "y"];
            const context = chart.ctx;
            context.save();
            context.lineWidth = 1.25;
            chart.data.datasets.forEach((set, index) => {
                if (!chart.isDatasetVisible(index))
                    return;
                context.strokeStyle = set.whisker || chart.options.plugins.whiskers.colour;
                chart.getDatasetMeta(index).data.forEach((element, k) => {
                    const point = set.points[k];
                    if (!point || point.low === undefined)
                        return;
                    const from = scale.getPixelForValue(point.low), to = scale.getPixelForValue(point.high);
                    if (set.type === "line" && Math.abs(to - from) < 9)
                        return; /* the point itself is larger */
                    const at = across ? element.y : element.x;
                    const ends = [[from, at - 3, from, at + 3], [to, at - 3, to, at + 3], [from, at, to, at]];
                    context.beginPath();
                    for (const [a, b, c, d] of ends) {
                        context.moveTo(across ? a : b, across ? b : a);
                        context.lineTo(across ? c : d, across ? d : c);
                    }
                    context.stroke();
                });
            });
            context.restore();
        },
    };

    /* ---- Names of lines that are no data, written at the lines ---- */

    const lineNames = {
        id: "lineNames",
        afterDatasetsDraw(chart) {
            const context = chart.ctx, area = chart.chartArea, taken = [];
            context.save();
            context.fillStyle = chart.options.plugins.lineNames.colour;
            context.font = "11px " + Chart.defaults.font.family;
            chart.data.datasets.forEach((set, index) => {
                const line = chart.getDatasetMeta(index).data;
                if (!set.limit || line.length < 2 || !chart.getDatasetMeta(index).visible)
                    return;
                const first = line[0], second = line[1], last = line[line.length - 1];
                if (Math.abs(first.y - last.y) < 1) {
                    const x = Math.min(last.x, area.right) - context.measureText(set.label).width - 2;
                    let y = last.y - 5;
                    while (taken.some((other) => Math.abs(other - y) < 12))
                        y += 12;
                    taken.push(y);
                    context.fillText(set.label, x, y);
                } else { /* along the slope */
                    context.save();
                    context.translate(first.x, first.y);
                    context.rotate(Math.atan2(second.y - first.y, second.x - first.x));
                    context.fillText(set.label, 4, -6);
                    context.restore();
                }
            });
            context.restore();
        },
    };

    /* ---- Segments of a history: their levels, and where they change ---- */

    const segments = {
        id: "segments",
        afterDatasetsDraw(chart) {
            const context = chart.ctx, area = chart.chartArea, {x, y} = chart.scales, rows = [];
            const marks = [];
            context.save();
            context.font = "600 11px " + Chart.defaults.font.family;
            chart.data.datasets.forEach((set, index) => {
                if (!chart.getDatasetMeta(index).visible)
                    return;
                if (set.segment === "level") {
                    const [first, last] = set.points, height = y.getPixelForValue(first.y);
                    context.strokeStyle = set.borderColor;
                    context.lineWidth = 2.5;
                    context.beginPath();
                    context.moveTo(x.getPixelForValue(first.x - 0.45), height);
                    context.lineTo(x.getPixelForValue(last.x + 0.45), height);
                    context.stroke();
                } else if (set.segment) {
                    set.points.forEach((point) => marks.push({at: x.getPixelForValue(point.x - 0.5), name: point.name, colour: set.borderColor}));
                }
            });
            for (const {at, name, colour} of marks.sort((a, b) => a.at - b.at)) {
                const width = context.measureText(name).width, left = at + 5 + width > area.right ? at - 5 - width : at + 5;
                let row = 0; /* the first one with room */
                while (rows[row] > left - 8)
                    row++;
                rows[row] = left + width;
                context.strokeStyle = context.fillStyle = colour;
                context.lineWidth = 1.25;
                context.setLineDash([4, 3]);
                context.beginPath();
                context.moveTo(at, area.top);
                context.lineTo(at, area.bottom);
                context.stroke();
                context.setLineDash([]);
                context.strokeStyle = chart.options.plugins.segments.card; /* no line runs through the words */
                context.lineWidth = 4;
                context.strokeText(name, left, area.top + 12 + 15 * row);
                context.fillText(name, left, area.top + 12 + 15 * row);
            }
            context.restore();
        },
    };

    /* ---- From our data to Chart.js ---- */

    /* Sizes are an order, so their bars are shades of one colour. */
    function shade(palette, index, count) {
        const share = count > 1 ? 0.5 + (0.5 * index) / (count - 1) : 1;
        return mixed(palette.series[0], palette.card, share);
    }

    function mixed(a, b, share) {
        const part = (colour, k) => parseInt(colour.slice(1 + 2 * k, 3 + 2 * k), 16);
        return "#" + [0, 1, 2].map((k) => Math.round(part(a, k) * share + part(b, k) * (1 - share)).toString(16).padStart(2, "0")).join("");
    }

    function hatched(colour, card) {
        const tile = document.createElement("canvas");
        tile.width = tile.height = 6;
        const context = tile.getContext("2d");
        context.fillStyle = card;
        context.fillRect(0, 0, 6, 6);
        context.strokeStyle = colour;
        context.lineWidth = 1.6;
        context.beginPath();
        for (const shift of [-6, 0, 6]) {
            context.moveTo(shift, 6);
            context.lineTo(shift + 6, 0);
        }
        context.stroke();
        return context.createPattern(tile, "repeat");
    }

    function barValues(data, series) {
        const based = (y) => (data.base ? [data.base, y] : y);
        if (!data.categories.length)
            return series.points.map(({x, y}) => ({x, y}));
        const values = Array(data.categories.length).fill(null);
        for (const {x, y} of series.points)
            values[x] = based(y);
        return values;
    }

    /* The points of a series in the places where Chart.js has their elements. */
    function placed(data, series) {
        if (!data.categories.length)
            return series.points;
        const points = Array(data.categories.length);
        for (const point of series.points)
            points[point.x] = point;
        return points;
    }

    /* One name has one colour on all charts of a page. */
    const styles = new Map();

    function styleOf(label) {
        if (!styles.has(label))
            styles.set(label, styles.size);
        return styles.get(label);
    }

    function colourOf(data, series, position, palette) {
        if (data.stacked)
            return palette.verdicts[position % palette.verdicts.length];
        if (data.horizontal)
            return series.label.startsWith("size ") ? shade(palette, position, data.series.length) : palette.series[position % palette.series.length];
        return palette.series[styleOf(series.label) % palette.series.length];
    }

    function dataset(data, series, position, palette) {
        const colour = colourOf(data, series, position, palette), index = styleOf(series.label);
        const points = placed(data, series);
        const set = {label: series.label, points, borderColor: colour, backgroundColor: colour};
        if (series.draw === "bars")
            return Object.assign(set, {
                type: "bar", data: barValues(data, series), borderWidth: 1, borderSkipped: false, pointStyle: "rect",
                backgroundColor: points.map((p) => (p && p.peer ? hatched(colour, palette.card) : colour)),
                barPercentage: data.categories.length ? 0.92 : 1, categoryPercentage: data.categories.length ? 0.78 : 1,
                minBarLength: 2,
            });
        if (series.draw === "level")
            return Object.assign(set, {type: "line", data: [], points: series.points, segment: "level", fit: true});
        if (series.draw === "worse" || series.draw === "better")
            return Object.assign(set, {type: "line", data: [], points: series.points, segment: series.draw, fit: true, borderColor: palette[series.draw]});
        const values = data.categories.length ? barValues(data, series) : series.points.map(({x, y}) => ({x, y}));
        const line = Object.assign(set, {
            type: "line", data: values, borderWidth: 1.75, borderDash: dashes[(index + Math.floor(index / 8)) % dashes.length],
            pointStyle: shapes[(index + 3 * Math.floor(index / 8)) % shapes.length], pointRadius: series.points.length > 60 ? 0 : 3.5, pointHoverRadius: 5,
            spanGaps: true, showLine: series.draw !== "points", stepped: series.draw === "front" ? "before" : false,
        });
        if (series.draw === "points")
            Object.assign(line, {pointRadius: 5});
        if (series.draw === "runs")
            Object.assign(line, {
                borderColor: mixed(colour, palette.card, 0.3), borderWidth: 1, borderDash: [], pointStyle: "circle", pointBorderColor: colour,
                pointRadius: series.points.length > 40 ? 2 : 3.5, pointBackgroundColor: mixed(colour, palette.card, 0.55), whisker: mixed(colour, palette.card, 0.45),
            });
        if (series.draw === "fit")
            Object.assign(line, {pointRadius: 0, pointHoverRadius: 0, borderDash: [], borderWidth: 1.25, fit: true});
        if (series.draw === "limit")
            Object.assign(line, {
                borderColor: palette.limit, backgroundColor: palette.limit, borderDash: [5, 4], borderWidth: 1.25,
                pointRadius: 0, pointHoverRadius: 0, limit: true,
            });
        return line;
    }

    function axis(spec, palette, categories) {
        const ticks = {color: palette.soft, maxRotation: 50, autoSkipPadding: 10};
        if (!categories)
            ticks.callback = function (value) {
                return spec.log && !isLabelled(value, this) ? "" : shown(value, inTicks(spec.unit) ? spec.unit : "");
            };
        return {
            type: categories ? "category" : spec.log ? "logarithmic" : "linear",
            title: {display: true, text: spec.label + (inTicks(spec.unit) || !spec.unit ? "" : ", " + spec.unit), color: palette.soft},
            ticks, grid: {color: palette.grid, drawBorder: false, display: !categories},
        };
    }

    function isDecade(value) {
        const power = Math.log10(value);
        return Math.abs(power - Math.round(power)) < 1e-9;
    }

    /* Units that belong to the number stand at each tick, the others once at the axis. */
    function inTicks(unit) {
        return unit === "x" || unit === "share" || prefixed.includes(unit);
    }

    /* Of the ticks of a logarithmic axis: the decades, and on a short axis also twos and fives. */
    function isLabelled(value, scale) {
        const decades = Math.log10(scale.max / scale.min);
        return isDecade(value) || (decades < 2.6 && (isDecade(value / 2) || isDecade(value / 5)));
    }

    /* Chart.js widens logarithmic axes to whole decades, and linear ones do not know how wide a bar is. */
    function setRange(scale, spec, values, isBars, step) {
        const finite = values.filter((v) => Number.isFinite(v) && (!spec.log || v > 0));
        if (!finite.length)
            return;
        const least = Math.min(...finite), most = Math.max(...finite);
        if (spec.log)
            Object.assign(scale, {min: least / (isBars ? 2 : 1.25), max: most * 1.25});
        else if (step)
            Object.assign(scale, {min: least - step / 2, max: most + step / 2});
    }

    /* Around the values, with room for names above, and never so near that noise looks like a mountain. */
    function zoom(values) {
        const least = Math.min(...values), most = Math.max(...values);
        const range = Math.max(most - least, 0.08 * Math.max(Math.abs(least), Math.abs(most))), middle = (least + most) / 2;
        const low = middle - 0.62 * range;
        return {min: least >= 0 ? Math.max(low, 0) : low, max: middle + 0.8 * range};
    }

    function valuesOf(data, name) {
        const points = data.series.flatMap((series) => series.points);
        return name === "x" ? points.map((p) => p.x) : points.flatMap((p) => [p.y, p.low ?? p.y, p.high ?? p.y]);
    }

    /* The least distance of bars on a linear axis. */
    function stepOf(values) {
        const sorted = [...new Set(values)].sort((a, b) => a - b);
        return sorted.slice(1).reduce((step, x, i) => Math.min(step, x - sorted[i]), sorted.length > 1 ? Infinity : 1);
    }

    function tooltip(data) {
        return {
            title: (items) => (data.categories.length ? data.categories[items[0].dataIndex] : data.x.label + " " + shown(items[0].parsed.x, data.x.unit)),
            label: (item) => {
                const point = item.dataset.points[item.dataIndex];
                if (!point)
                    return item.dataset.label;
                const interval = point.low === undefined ? "" : " (" + shown(point.low, data.y.unit) + " to " + shown(point.high, data.y.unit) + ")";
                return item.dataset.label + (point.name ? ", " + point.name : "") + ": " + shown(point.y, data.y.unit) + interval;
            },
        };
    }

    function configuration(data, palette) {
        const named = data.categories.length > 0;
        const x = axis(data.x, palette, named), y = axis(data.y, palette, false);
        if (named)
            x.labels = data.categories;
        if (data.zoomed) {
            x.offset = true;
            x.ticks.callback = function (value) {
                return this.getLabelForValue(value).split(" · ").pop().slice(0, 7);
            };
        }
        if (data.stacked)
            x.stacked = y.stacked = true;
        if (named && !data.y.log && !data.zoomed)
            y.beginAtZero = true;
        const bars = data.series.some((s) => s.draw === "bars");
        const ys = valuesOf(data, "y");
        setRange(y, data.y, data.base ? [...ys, data.base] : ys, bars && !data.base, 0);
        if (data.base && y.min < data.base && Math.min(...ys) >= data.base)
            y.min = data.base;
        if (!named)
            setRange(x, data.x, valuesOf(data, "x"), false, bars ? stepOf(valuesOf(data, "x")) : 0);
        if (data.y.label === "number")
            y.ticks.precision = 0;
        if (data.zoomed)
            Object.assign(y, zoom(ys), {ticks: Object.assign(y.ticks, {includeBounds: false})});
        let drawn = 0;
        const datasets = data.series.map((series) => dataset(data, series, series.draw === "limit" ? 0 : drawn++, palette));
        return {
            data: {labels: named ? data.categories : undefined, datasets},
            options: {
                animation: false, responsive: true, maintainAspectRatio: false, normalized: false,
                indexAxis: data.horizontal ? "y" : "x",
                scales: data.horizontal ? {x: y, y: x} : {x, y},
                interaction: {mode: "nearest", intersect: false, axis: data.horizontal ? "y" : "x"},
                plugins: {
                    legend: {display: true, position: "bottom", labels: {color: palette.ink, usePointStyle: true, boxHeight: 8, padding: 11, filter: (item, all) => !all.datasets[item.datasetIndex].limit && !all.datasets[item.datasetIndex].fit}},
                    tooltip: {callbacks: tooltip(data)},
                    whiskers: {colour: palette.ink},
                    lineNames: {colour: palette.soft},
                    segments: {card: palette.card},
                },
            },
            plugins: [whiskers, lineNames, segments],
        };
    }

    /* ---- Drawing ---- */

    const charts = [];

    function draw(theme) {
        const palette = palettes[theme];
        Chart.defaults.font.family = getComputedStyle(document.body).fontFamily;
        Chart.defaults.font.size = 12;
        while (charts.length)
            charts.pop().destroy();
        for (const script of document.querySelectorAll("script.chart-data")) {
            try {
                const data = JSON.parse(script.textContent);
                charts.push(new Chart(document.getElementById(script.dataset.canvas), configuration(data, palette)));
            } catch (error) {
                console.error(script.dataset.canvas + " cannot be drawn: " + error); /* the others can */
            }
        }
    }

    const theme = () => (dark.matches ? "dark" : "light");
    dark.addEventListener("change", () => draw(theme()));
    addEventListener("beforeprint", () => draw("light"));
    addEventListener("afterprint", () => draw(theme()));

    /* ---- Tables ---- */

    function compareCells(a, b) {
        if (a === b)
            return 0;
        if (a === "" || b === "")
            return NaN; /* what is missing stays last */
        const x = Number(a), y = Number(b);
        return Number.isNaN(x) || Number.isNaN(y) ? a.localeCompare(b, "en", {numeric: true}) : x - y;
    }

    function keyOf(row, column) {
        const cell = row.cells[column];
        return cell.dataset.value === undefined ? cell.textContent.trim() : cell.dataset.value;
    }

    function sortTable(table, column, descending) {
        const body = table.tBodies[0];
        const keyed = Array.from(body.rows, (row) => [keyOf(row, column), row]);
        keyed.sort(([a], [b]) => {
            const order = compareCells(a, b);
            if (Number.isNaN(order))
                return a === "" ? 1 : -1;
            return descending ? -order : order;
        });
        body.append(...keyed.map(([, row]) => row));
        Array.from(table.tHead.rows[0].cells, (cell, k) => {
            if (k === column)
                cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
            else
                cell.removeAttribute("aria-sort");
        });
    }

    function makeSortable(table) {
        Array.from(table.tHead.rows[0].cells, (cell, column) => {
            if (!cell.textContent || table.tBodies[0].rows[0]?.cells[column].querySelector("details.replay"))
                return;
            const button = document.createElement("button");
            button.type = "button";
            button.textContent = cell.textContent;
            button.addEventListener("click", () => sortTable(table, column, cell.getAttribute("aria-sort") === "ascending"));
            cell.replaceChildren(button);
        });
    }

    /* A long table gets a field that leaves only the rows with all the words. */
    function makeFilter(table) {
        if (table.tBodies[0].rows.length < 24 || table.closest("details"))
            return;
        const label = document.createElement("label"), input = document.createElement("input"), count = document.createElement("span");
        label.className = "filter";
        input.type = "search";
        count.setAttribute("aria-live", "polite");
        label.append("Filter", input, count);
        input.addEventListener("input", () => {
            const wanted = input.value.toLowerCase().split(/\s+/);
            let left = 0;
            for (const row of table.tBodies[0].rows) {
                row.hidden = !wanted.every((word) => row.textContent.toLowerCase().includes(word));
                left += row.hidden ? 0 : 1;
            }
            count.textContent = input.value ? left + " of " + table.tBodies[0].rows.length : "";
        });
        table.parentElement.before(label);
    }

    function makeCopyButton(details) {
        if (!navigator.clipboard)
            return;
        const button = document.createElement("button");
        button.type = "button";
        button.textContent = "Copy";
        button.addEventListener("click", async () => {
            await navigator.clipboard.writeText(details.querySelector("code").textContent);
            button.textContent = "Copied";
            setTimeout(() => (button.textContent = "Copy"), 1500);
        });
        details.append(button);
    }

    function makeSections() {
        const nav = document.getElementById("sections");
        for (const heading of document.querySelectorAll("main > section > h2")) {
            const link = document.createElement("a");
            link.href = "#" + heading.parentElement.id;
            link.textContent = heading.textContent;
            nav.append(link);
        }
    }

    /* ---- Self-test ---- */

    function isDrawn(canvas) {
        const {width, height} = canvas;
        if (!width || !height)
            return false;
        const pixels = new Uint32Array(canvas.getContext("2d").getImageData(0, 0, width, height).data.buffer);
        const seen = new Set();
        for (let i = 0; i < pixels.length && seen.size < 3; i++)
            seen.add(pixels[i]);
        return seen.size >= 3;
    }

    /* Every series must leave its mark: drawn alone it must differ from the empty chart. */
    function seriesAreDrawn(chart) {
        const metas = chart.data.datasets.map((set, index) => chart.getDatasetMeta(index));
        const pictureOf = (visible) => {
            metas.forEach((meta) => (meta.visible = meta === visible));
            chart.draw();
            return chart.canvas.toDataURL();
        };
        const empty = pictureOf(null);
        const drawn = chart.data.datasets.every((set, index) => {
            const nothing = set.points.every((p) => !p || (set.type === "bar" && p.y === 0));
            return nothing || pictureOf(metas[index]) !== empty;
        });
        chart.update();
        return drawn;
    }

    function testCharts(problems) {
        const canvases = document.querySelectorAll("canvas");
        if (canvases.length !== charts.length)
            problems.push(canvases.length + " canvases, but " + charts.length + " charts");
        for (const chart of charts) {
            if (!isDrawn(chart.canvas))
                problems.push(chart.canvas.id + " is empty");
            else if (!seriesAreDrawn(chart))
                problems.push(chart.canvas.id + " lacks a series");
        }
        for (const figure of document.querySelectorAll("figure.chart")) {
            if (!figure.querySelector("h4").textContent || !figure.querySelector("details table tbody tr"))
                problems.push("a chart lacks its title or table");
        }
    }

    function isSorted(table, column, descending) {
        const keys = Array.from(table.tBodies[0].rows, (row) => keyOf(row, column)).filter((key) => key !== "");
        return keys.every((key, i) => i === 0 || (descending ? compareCells(keys[i], keys[i - 1]) <= 0 : compareCells(keys[i - 1], key) <= 0));
    }

    function testTables(problems) {
        let sorted = 0;
        for (const table of document.querySelectorAll("table.sortable")) {
            Array.from(table.tHead.rows[0].cells, (cell, column) => {
                const button = cell.querySelector("button");
                for (const direction of button ? ["ascending", "descending"] : []) {
                    button.click();
                    sorted++;
                    if (cell.getAttribute("aria-sort") !== direction || !isSorted(table, column, direction === "descending"))
                        problems.push("column " + cell.textContent + " of “" + table.caption.textContent + "” does not sort");
                }
            });
        }
        return sorted;
    }

    function testPage() {
        const problems = [];
        testCharts(problems);
        const sorted = testTables(problems);
        draw(theme() === "dark" ? "light" : "dark");
        testCharts(problems);
        for (const entry of performance.getEntriesByType("resource"))
            problems.push("request: " + entry.name);
        if (document.documentElement.scrollWidth > innerWidth + 1)
            problems.push("the page is wider than the window: " + document.documentElement.scrollWidth + " of " + innerWidth);
        if (window.assayHostile !== undefined)
            problems.push("data ran as a script");
        problems.push(...assayTrouble);
        const result = document.createElement("pre");
        result.id = "selftest";
        result.textContent = (problems.length ? "selftest failed" : "selftest passed") + ": " + charts.length + " charts, " + sorted + " sorts\n" + problems.join("\n");
        document.body.append(result);
    }

    /* ---- Start ---- */

    makeSections();
    document.querySelectorAll("table.sortable").forEach((table) => {
        makeSortable(table);
        makeFilter(table);
    });
    document.querySelectorAll("details.replay").forEach(makeCopyButton);
    draw(theme());
    if (location.hash === "#selftest")
        addEventListener("load", testPage);
})();
