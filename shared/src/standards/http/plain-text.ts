/*
 * Control characters move the cursor of a terminal, and bidirectional controls change the order in which a line is shown. Azure
 * accepts some of them; here, no text of a request that is shown later may contain them. [UTS #39 §3.1, Unicode UAX #9]
 */

const controls = /[\p{Cc}\p{Bidi_Control}]/u
const controlsButLineEnds = /[^\P{Cc}\t\n\r]|\p{Bidi_Control}/u
const allControls = /[\p{Cc}\p{Bidi_Control}]/gu

/** Whether a text has no control characters and no bidirectional controls. */
export function isPlainLine(text: string): boolean {
  return !controls.test(text)
}

/** Whether a text of one line or several has no other control characters than tabs and line ends. */
export function isPlainText(text: string): boolean {
  return !controlsButLineEnds.test(text)
}

/** Replaces control characters and bidirectional controls in a text that a client chose, and that is stored to be shown. */
export function plainLine(text: string): string {
  return text.toWellFormed().replaceAll(allControls, '\ufffd')
}

/** People choose passwords, which are never shown. */
const hiddenMembers: ReadonlySet<string> = new Set(['password'])

/** Whether all texts in a document, and the names of its members, are plain. Passwords are not examined. */
export function isPlainDocument(document: unknown): boolean {
  // A list and not a recursion: a document may be nested deeper than the stack.
  const left: unknown[] = [document]
  while (left.length > 0) {
    const value = left.pop()
    if (typeof value === 'string' && !isPlainText(value)) return false
    if (typeof value !== 'object' || value === null) continue
    for (const [name, member] of Object.entries(value)) {
      if (!isPlainLine(name)) return false
      if (!hiddenMembers.has(name)) left.push(member)
    }
  }
  return true
}
