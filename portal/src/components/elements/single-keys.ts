import { useSyncExternalStore } from 'react'

const storageKey = 'acrux-single-keys'
const listeners = new Set<() => void>()

/** Whether single keys act, such as `J` and `K`. People who use speech turn them off. */
export const areSingleKeysOn = (): boolean => localStorage.getItem(storageKey) !== 'off'

/** Turns single keys on or off, in this browser. */
export function setSingleKeys(isOn: boolean): void {
  localStorage.setItem(storageKey, isOn ? 'on' : 'off')
  for (const listener of listeners) listener()
}

/** As {@link areSingleKeysOn}, for components. */
export function useSingleKeys(): boolean {
  return useSyncExternalStore((listener) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }, areSingleKeysOn)
}

/** Whether a key press belongs to a field, a menu or a dialog, or to the browser. */
export function isForOthers(event: KeyboardEvent): boolean {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return true
  if (document.querySelector('[role=dialog], [role=alertdialog], [role=menu], dialog[open]') !== null) return true
  return (
    event.target instanceof Element &&
    event.target.closest('input:not([type=checkbox]), textarea, select, [contenteditable]') !== null
  )
}
