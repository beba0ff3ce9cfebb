import type { ReactNode } from 'react'
import type { EventSearch } from '../../api/audit.ts'
import { AppLink } from '../../components/elements/app-link.tsx'

type AuditLinkProps = {
  /** The name of a registry. Undefined for the log of the whole server. */
  readonly registry: string | undefined
  readonly search: EventSearch
  /** For screen readers, if it says more than the content. */
  readonly label?: string
  readonly children: ReactNode
}

/** A link to a search in a log. */
export function AuditLink({ registry, search, label, children }: AuditLinkProps) {
  const named = label === undefined ? {} : { 'aria-label': label }
  if (registry === undefined) {
    return (
      <AppLink to="/audit" search={search} {...named}>
        {children}
      </AppLink>
    )
  }
  return (
    <AppLink to="/r/$registry/audit" params={{ registry }} search={search} {...named}>
      {children}
    </AppLink>
  )
}
