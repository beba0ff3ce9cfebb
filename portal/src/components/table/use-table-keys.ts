import { type RefObject, useEffect } from 'react'
import { areSingleKeysOn, isForOthers } from '../elements/single-keys.ts'

/** What the keys of a table do. The index is the row that has the focus. */
export type KeyActions = {
  readonly open: (index: number) => void
  readonly toggle: (index: number) => void
  readonly delete: ((index: number | undefined) => void) | undefined
  readonly copy: ((index: number) => void) | undefined
  readonly close: (() => void) | undefined
  readonly refresh: (() => void) | undefined
}

/** Moves the focus between rows with J, K and the arrows, and acts on the row with the focus. */
export function useTableKeys(table: RefObject<HTMLElement | null>, isOn: boolean, actions: KeyActions): void {
  useEffect(() => {
    if (!isOn) return
    const onKey = (event: KeyboardEvent) => {
      if (isForOthers(event) || table.current === null) return
      if (pressed(event, table.current, actions)) event.preventDefault()
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  })
}

/** Whether the key did something. */
function pressed(event: KeyboardEvent, table: HTMLElement, actions: KeyActions): boolean {
  const row = document.activeElement?.closest<HTMLElement>('[data-index]') ?? null
  const index = row !== null && table.contains(row) ? Number(row.dataset['index']) : undefined
  const { key } = event
  if (key === 'Escape' && actions.close !== undefined) return run(actions.close)
  if (key === 'Delete' && actions.delete !== undefined) return run(() => actions.delete?.(index))
  if (areSingleKeysOn() && pressedSingle(key.toLowerCase(), { table, index }, actions)) return true
  return index !== undefined && pressedInRow(key, { table, index }, actions)
}

function pressedInRow(
  key: string,
  { table, index }: { table: HTMLElement; index: number },
  actions: KeyActions,
): boolean {
  if (key === 'ArrowDown') return focusRow(table, index + 1)
  if (key === 'ArrowUp') return focusRow(table, index - 1)
  // Enter on a link or a button belongs to it.
  return key === 'Enter' && document.activeElement?.matches('[data-index]') === true && run(() => actions.open(index))
}

type Place = { readonly table: HTMLElement; readonly index: number | undefined }

function pressedSingle(key: string, { table, index }: Place, actions: KeyActions): boolean {
  if (key === 'j') return focusRow(table, index === undefined ? firstIndex(table) : index + 1)
  if (key === 'k') return focusRow(table, index === undefined ? firstIndex(table) : index - 1)
  if (key === 'r' && actions.refresh !== undefined) return run(actions.refresh)
  if (index === undefined) return false
  if (key === 'x') return run(() => actions.toggle(index))
  return key === 'c' && actions.copy !== undefined && run(() => actions.copy?.(index))
}

function run(act: () => void): true {
  act()
  return true
}

const firstIndex = (table: HTMLElement) =>
  Number(table.querySelector<HTMLElement>('[data-index]')?.dataset['index'] ?? 0)

/** Whether there is such a row. */
function focusRow(table: HTMLElement, index: number): boolean {
  const row = table.querySelector<HTMLElement>(`[data-index="${index}"]`)
  row?.focus({ preventScroll: true })
  row?.scrollIntoView({ block: 'nearest' })
  return row !== null
}
