/** How a report for people is written. */
export interface TextOptions {
  /** Columns of the terminal. */
  readonly width: number;
  /** Paints a text, or leaves it as it is. */
  paint(style: Style, text: string): string;
}

export type Style = 'bold' | 'dim' | 'green' | 'yellow' | 'red';
