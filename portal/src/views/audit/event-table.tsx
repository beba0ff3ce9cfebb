import { Text } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import type { EventSearch } from '../../api/audit.ts'
import type { AuditEvent } from '../../api/types.ts'
import { ExplainLink } from '../../components/elements/explain-link.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import type { Column } from '../../components/table/columns.ts'
import { useAddressState } from '../../components/table/table-state.ts'
import { Table } from '../../components/table/table.tsx'
import { formatExact, formatMoment } from '../../components/texts/format.ts'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { WhyDenied } from '../denial/denial.tsx'
import { AuditLink } from '../events/audit-link.tsx'
import { EventFacts } from './event-facts.tsx'
import { type RepeatedEvent, groupRepeats } from './group-repeats.ts'
import { Outcome } from './outcome.tsx'
import { shortTarget } from './short-target.ts'
import { ZoneChoice, useZone } from './time-zone.tsx'
import { useNames } from '../events/use-events.ts'

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
  const [zone, setZone] = useZone()
  const names = useNames(events.map(({ actor }) => actor.id))
  if (events.length === 0) return <Text>{`${view.noEvents} ${view.noEventsNext}`}</Text>
  const link = (more: EventSearch, text: string) => (
    <AuditLink registry={registry} search={{ ...search, ...more }}>
      {text}
    </AuditLink>
  )
  const groups = groupRepeats(events)
  return (
    <>
      <ZoneChoice zone={zone} onChoose={setZone} />
      <Table
        isMain
        label={view.events}
        rows={groups}
        keyOf={({ id }) => id}
        state={state}
        arrangement={JSON.stringify(search)}
        panel={(event) => ({
          title: event.outcome === 'refused' ? view.denial.title : view.details,
          content: <EventPanel event={event} registry={registry} name={names.get(event.actor.id)} />,
        })}
        columns={columnsOf({ registry, zone, names, link })}
      />
    </>
  )
}

type ColumnsOf = {
  readonly registry: string | undefined
  readonly zone: 'utc' | 'local'
  readonly names: ReadonlyMap<string, string>
  readonly link: (more: EventSearch, text: string) => ReactNode
}

function columnsOf({ registry, zone, names, link }: ColumnsOf): readonly Column<RepeatedEvent>[] {
  return [
    {
      id: 'time',
      title: view.timeIn(view.zone[zone]),
      width: 11,
      cell: ({ eventTimestamp, correlationId }) => (
        <AuditLink
          registry={registry}
          search={{ id: correlationId }}
          label={`${view.details}: ${formatMoment(eventTimestamp, zone === 'utc')}`}
        >
          {formatMoment(eventTimestamp, zone === 'utc')}
        </AuditLink>
      ),
    },
    {
      id: 'who',
      title: view.who,
      minWidth: 7,
      grow: 2,
      cell: ({ actor: { id, kind } }) =>
        id === '' ? codeText(view.kinds, kind) : link({ principal: id }, names.get(id) ?? id),
    },
    {
      id: 'action',
      title: words.action,
      minWidth: 7,
      grow: 2,
      cell: ({ action, count }) => (
        <>
          {link({ action }, action)}
          {count > 1 && ` ×${count.toLocaleString('en')}`}
        </>
      ),
    },
    { id: 'target', title: view.target, minWidth: 7, grow: 3, cell: ({ target }) => shortTarget(target) },
    {
      id: 'outcome',
      title: words.outcome,
      minWidth: 8,
      grow: 3,
      cell: ({ outcome, correlationId, reason }) => (
        <>
          <Outcome outcome={outcome} />{' '}
          {outcome === 'refused' && <ExplainLink id={correlationId} registry={registry} />} {reason ?? ''}
        </>
      ),
    },
    {
      id: 'address',
      title: words.address,
      width: 8,
      dropOrder: 1,
      cell: ({ remoteAddress }) => (remoteAddress === '' ? '' : link({ address: remoteAddress }, remoteAddress)),
    },
  ]
}

type EventPanelProps = {
  readonly event: RepeatedEvent
  readonly registry: string | undefined
  readonly name: string | undefined
}

/** An event; of a denied request, first why it was denied, and what allows it. */
function EventPanel({ event, registry, name }: EventPanelProps) {
  const { outcome, correlationId, count, since } = event
  return (
    <>
      {outcome === 'refused' && <WhyDenied id={correlationId} registry={registry} />}
      {count > 1 && <Facts facts={[[view.repeated, view.times(count, formatExact(since))]]} />}
      <EventFacts event={event} registry={registry} name={name} />
    </>
  )
}
