import { Badge, Text } from '@fluentui/react-components'
import type { EventSearch } from '../../api/audit.ts'
import type { AuditEvent } from '../../api/types.ts'
import { Table } from '../../components/table/table.tsx'
import { ExplainLink } from '../../components/elements/explain-link.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { AuditLink } from './audit-link.tsx'
import { shortTarget } from './short-target.ts'
import { useNames } from './use-events.ts'

const view = operationsTexts

type EventTableProps = {
  readonly events: readonly AuditEvent[]
  /** The name of the registry whose log it is. */
  readonly registry: string | undefined
  readonly search: EventSearch
}

/** Events with links to their explanation, and to searches for the same principal, action or address. */
export function EventTable({ events, registry, search }: EventTableProps) {
  const names = useNames(events.map(({ actor }) => actor.id))
  if (events.length === 0) {
    return (
      <Text>
        {view.noEvents} {view.noEventsNext}
      </Text>
    )
  }
  const link = (more: EventSearch, text: string) => (
    <AuditLink registry={registry} search={{ ...search, ...more }}>
      {text}
    </AuditLink>
  )
  return (
    <Table
      isWrapped
      label={view.events}
      rows={events}
      keyOf={({ id }) => id}
      columns={[
        {
          title: view.time,
          cell: ({ eventTimestamp, correlationId }) => (
            <AuditLink
              registry={registry}
              search={{ id: correlationId }}
              label={`${view.details}: ${formatTime(eventTimestamp)}`}
            >
              {formatTime(eventTimestamp)}
            </AuditLink>
          ),
        },
        {
          title: words.outcome,
          cell: ({ outcome, correlationId }) => (
            <>
              <Outcome outcome={outcome} />{' '}
              {outcome === 'refused' && <ExplainLink id={correlationId} registry={registry} />}
            </>
          ),
        },
        { title: words.action, cell: ({ action }) => link({ action }, action) },
        {
          title: view.who,
          cell: ({ actor: { id, kind } }) =>
            id === '' ? codeText(view.kinds, kind) : link({ principal: id }, names.get(id) ?? id),
        },
        { title: view.target, cell: ({ target }) => shortTarget(target) },
        { title: words.reason, cell: ({ reason }) => reason ?? '' },
        {
          title: words.address,
          cell: ({ remoteAddress }) => (remoteAddress === '' ? '' : link({ address: remoteAddress }, remoteAddress)),
        },
      ]}
    />
  )
}

/** Whether a request was allowed. */
export function Outcome({ outcome }: { readonly outcome: string }) {
  return (
    <Badge appearance="tint" color={outcome === 'refused' ? 'danger' : 'success'}>
      {codeText(view.outcomes, outcome)}
    </Badge>
  )
}
