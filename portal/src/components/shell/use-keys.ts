import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useEffect, useEffectEvent, useRef } from 'react'
import type { Abilities } from '../../api/abilities.ts'
import { areSingleKeysOn, isForOthers } from '../elements/single-keys.ts'
import { visibleRows } from './navigation-table.tsx'
import { type KeyAction, readKey } from './read-key.ts'

type KeysOptions = {
  readonly registry: string | undefined
  readonly abilities: Abilities | undefined
  readonly onPalette: () => void
  readonly onList: () => void
}

/** The time after G in which a key opens a view. */
const goMs = 1500

/** Does what the keys of the portal mean. */
export function useKeys({ registry = '', abilities, onPalette, onList }: KeysOptions): void {
  const navigate = useNavigate()
  const queries = useQueryClient()
  const goUntil = useRef(0)
  const act = (action: KeyAction) => {
    switch (action.kind) {
      case 'list':
        return onList()
      case 'filter':
        return document.querySelector<HTMLElement>('main input[type=search]')?.focus()
      case 'refresh':
        return void queries.invalidateQueries({ refetchType: 'active' })
      case 'go': {
        const row = visibleRows(abilities).find(({ key }) => key === action.key)
        if (row?.to !== undefined) void navigate({ to: row.to, params: { registry } })
        return
      }
    }
  }
  const onKey = useEffectEvent((event: KeyboardEvent) => {
    if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey) {
      event.preventDefault()
      onPalette()
      return
    }
    if (!areSingleKeysOn() || isForOthers(event)) return
    const { action, isGo } = readKey(event.key, performance.now() < goUntil.current)
    goUntil.current = isGo ? performance.now() + goMs : 0
    if (action === undefined) return
    event.preventDefault()
    act(action)
  })
  useEffect(() => {
    const listener = (event: KeyboardEvent) => onKey(event)
    document.addEventListener('keydown', listener)
    return () => document.removeEventListener('keydown', listener)
  }, [])
}
