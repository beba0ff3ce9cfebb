import { Text } from '@fluentui/react-components'
import type { EventSearch } from '../../api/audit.ts'
import type { AuditEvent } from '../../api/types.ts'
import { ExplainLink } from '../../components/elements/explain-link.tsx'
import { useAddressState } from '../../components/table/table-state.ts'
import { Table } from '../../components/table/table.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { AuditLink } from './audit-link.tsx'
import { EventFacts } from './event-facts.tsx'
import { Outcome } from './outcome.tsx'
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
  const state = useAddressState()
  const names = useNames(events.map(({ actor }) => actor.id))
  if (events.length === 0) return <Text>{`${view.noEvents} ${view.noEventsNext}`}</Text>
  const link = (more: EventSearch, text: string) => (
    <AuditLink registry={registry} search={{ ...search, ...more }}>
      {text}
    </AuditLink>
  )
  return (
    <Table
      isMain
      label={view.events}
      rows={events}
      keyOf={({ id }) => id}
      state={state}
      arrangement={JSON.stringify(search)}
      panel={(event) => ({
        title: view.details,
        content: <EventFacts event={event} registry={registry} name={names.get(event.actor.id)} />,
      })}
      columns={[
        {
          id: 'time',
          title: view.time,
          width: 11.5,
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
          id: 'outcome',
          title: words.outcome,
          width: 9,
          cell: ({ outcome, correlationId }) => (
            <>
              <Outcome outcome={outcome} />{' '}
              {outcome === 'refused' && <ExplainLink id={correlationId} registry={registry} />}
            </>
          ),
        },
        { id: 'action', title: words.action, minWidth: 9, grow: 2, cell: ({ action }) => link({ action }, action) },
        {
          id: 'who',
          title: view.who,
          minWidth: 8,
          grow: 2,
          cell: ({ actor: { id, kind } }) =>
            id === '' ? codeText(view.kinds, kind) : link({ principal: id }, names.get(id) ?? id),
        },
        { id: 'target', title: view.target, minWidth: 8, grow: 3, cell: ({ target }) => shortTarget(target) },
        {
          id: 'reason',
          title: words.reason,
          minWidth: 7,
          grow: 2,
          dropOrder: 2,
          cell: ({ reason }) => reason ?? '',
        },
        {
          id: 'address',
          title: words.address,
          width: 8,
          dropOrder: 1,
          cell: ({ remoteAddress }) => (remoteAddress === '' ? '' : link({ address: remoteAddress }, remoteAddress)),
        },
      ]}
    />
  )
}
