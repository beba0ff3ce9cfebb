import type { EventSearch } from '../../api/audit.ts'

const maxLength = 200
const textNames = ['principal', 'action', 'address', 'id'] as const
const timeNames = ['from', 'to'] as const

/** The search that an address contains. Other values are left out. */
export function parseEventSearch(found: Readonly<Record<string, unknown>>): EventSearch {
  const texts = textNames.flatMap((name) => {
    const text = textOf(found[name])
    return text === undefined ? [] : [[name, text]]
  })
  const times = timeNames.flatMap((name) => {
    const text = textOf(found[name]) ?? ''
    const ms = /^\d{4}-/.test(text) ? Date.parse(text) : Number.NaN
    return Number.isNaN(ms) ? [] : [[name, new Date(ms).toISOString()]]
  })
  const { outcome } = found
  return {
    ...(Object.fromEntries([...texts, ...times]) as EventSearch),
    ...((outcome === 'success' || outcome === 'refused') && { outcome }),
  }
}

function textOf(value: unknown): string | undefined {
  const text = typeof value === 'string' ? value.trim() : ''
  return text === '' || text.length > maxLength ? undefined : text
}

/** A time as an input of the type `datetime-local` has it: of the device, without a zone. */
export function toLocalText(iso: string | undefined): string {
  if (iso === undefined) return ''
  const date = new Date(iso)
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16)
}
