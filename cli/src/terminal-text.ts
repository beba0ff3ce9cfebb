/** Replaces control characters except line feeds, so that text which others chose is safe to print on a terminal. */
export function terminalText(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]|\p{Cf}/gu, '?')
}

/** Like {@link terminalText}, and also replaces line feeds. */
export function terminalLine(text: string): string {
  return terminalText(text).replaceAll('\n', '?')
}
