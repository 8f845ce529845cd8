import uPlot from 'uplot';
import type { Paint } from './paint.ts';
import { midwatches } from './shape.ts';
import type { TimeChartProps } from './TimeChart.tsx';

/** Midnight to four, a shade apart. */
export const drawNights = (u: uPlot, paint: Paint): void => {
  const { min, max } = u.scales.x ?? {};
  if (!min || !max) return;
  u.ctx.save();
  u.ctx.fillStyle = paint.night;
  for (const band of midwatches(min, max)) {
    const left = u.valToPos(band.from, 'x', true);
    u.ctx.fillRect(left, u.bbox.top, u.valToPos(band.to, 'x', true) - left, u.bbox.height);
  }
  u.ctx.restore();
};

/** Half a minute of traffic beside whole ones looks like a fall; it is shown as what it is. */
export const drawUnderWay = (
  u: uPlot,
  { at, step, until, series }: Pick<TimeChartProps, 'at' | 'step' | 'until' | 'series'>,
  paint: Paint,
): void => {
  const last = at.at(-1);
  if (last === undefined || last + step / 2 <= until || !series.some((each) => each.fill)) return;
  const left = u.valToPos(last - step / 2, 'x', true);
  u.ctx.save();
  u.ctx.globalAlpha = 0.55;
  u.ctx.fillStyle = paint.ground;
  u.ctx.fillRect(left, u.bbox.top, u.bbox.left + u.bbox.width - left, u.bbox.height);
  u.ctx.restore();
};

export const drawMarks = (u: uPlot, marks: readonly number[], paint: Paint): void => {
  const { ctx, bbox } = u;
  ctx.save();
  ctx.strokeStyle = paint.accent;
  ctx.lineWidth = uPlot.pxRatio;
  ctx.setLineDash([2 * uPlot.pxRatio, 3 * uPlot.pxRatio]);
  ctx.globalAlpha = 0.75;
  ctx.beginPath();
  for (const at of marks) {
    const x = Math.round(u.valToPos(at, 'x', true)) + 0.5;
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.moveTo(x, 0);
    ctx.lineTo(x, bbox.top + bbox.height);
  }
  ctx.stroke();
  ctx.restore();
};
