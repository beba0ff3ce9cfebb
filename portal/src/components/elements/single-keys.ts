const storageKey = 'acrux-single-keys'

/** Whether single keys act, such as `J` and `K`. People who use speech turn them off. */
export const areSingleKeysOn = () => localStorage.getItem(storageKey) !== 'off'

/** Whether a key press belongs to a field, a menu or a dialog, or to the browser. */
export function isForOthers(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true
  if (document.querySelector('[role=dialog], [role=alertdialog], [role=menu]') !== null) return true
  return (
    event.target instanceof Element &&
    event.target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null
  )
}
