import { formatAge, formatExact } from '../texts/format.ts'

/** How long ago something was; the exact time is the title. */
export function Age({ time }: { readonly time: string }) {
  return <time title={formatExact(time)}>{formatAge(time)}</time>
}
