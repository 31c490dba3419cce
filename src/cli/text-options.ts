import { styleText } from 'node:util';
import type { Style, TextOptions } from '../terminal/paint.ts';

const NARROWEST = 80;

/** How a report is written to standard output. `usual`: its width into a file or a pipe; `widest`: in a terminal at most. */
export function textOptions(usual: number, widest: number): TextOptions {
  const { stdout } = process;
  const width = Math.min(widest, Math.max(NARROWEST, stdout.columns ?? usual));
  const colours = stdout.isTTY && stdout.hasColors();
  return { width, paint: (style: Style, text: string) => (colours ? styleText(style, text) : text) };
}
