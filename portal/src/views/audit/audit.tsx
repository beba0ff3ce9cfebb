import { Text } from '@fluentui/react-components'
import { useNavigate, useSearch } from '@tanstack/react-router'
import type { EventSearch, LogPlace } from '../../api/audit.ts'
import type { AuditEvent } from '../../api/types.ts'
import { useSession } from '../../api/use-session.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { operationsTexts } from '../../components/texts/operations.ts'
import { listCommand } from './audit-command.ts'
import { AuditLink } from '../events/audit-link.tsx'
import { EventFacts } from './event-facts.tsx'
import { EventFilter } from './event-filter.tsx'
import { eventSearchOf } from './event-search.ts'
import { EventTable } from './event-table.tsx'
import { ExportEvents } from './export-events.tsx'
import { Older } from './older.tsx'
import { OwnDenials } from './own-denials.tsx'
import { RequestStrips } from './request-strips.tsx'
import { useEvents, useNames, useResolved } from '../events/use-events.ts'
import { type NamedPlace, useLogPlace, useMayRead } from '../events/use-log-place.ts'

const view = operationsTexts

/** The log of the whole server. */
export function Audit() {
  return <AuditView registry={undefined} search={eventSearchOf(useSearch({ from: '/shell/audit' }))} />
}

/** The log of one registry. */
export function RegistryAudit() {
  const route = '/shell/r/$registry/audit'
  const { name } = useAddressedRegistry()
  return <AuditView registry={name} search={eventSearchOf(useSearch({ from: route }))} />
}

type AuditViewProps = { readonly registry: string | undefined; readonly search: EventSearch }

function AuditView({ registry, search }: AuditViewProps) {
  const navigate = useNavigate()
  const place = useLogPlace(registry)
  const onSearch = (next: EventSearch) =>
    void (registry === undefined
      ? navigate({ to: '/audit', search: next })
      : navigate({ to: '/r/$registry/audit', params: { registry }, search: next }))
  return (
    <Page title={registry === undefined ? view.audit : `${view.auditOf} ${registry}`}>
      {registry === undefined && (
        <div>
          <AppLink to="/audit/integrity">{view.delivery}</AppLink>
        </div>
      )}
      <Loaded query={place}>
        {(found) =>
          found === null ? (
            <Hidden why={registry === undefined ? unreadable : view.noRegistry} />
          ) : (
            <Found place={found} registry={registry} search={search} onSearch={onSearch} />
          )
        }
      </Loaded>
    </Page>
  )
}

const unreadable = `${view.hidden} ${view.hiddenNext}`

/** For people who may not read the log: why, and their own denials. */
function Hidden({ why }: { readonly why: string }) {
  return (
    <>
      <Text>{why}</Text>
      <OwnDenials />
      <CommandLine text="acrux acr why --last --own" />
    </>
  )
}

type FoundProps = AuditViewProps & {
  readonly place: NamedPlace
  readonly onSearch: (search: EventSearch) => void
}

function Found({ place, registry, search, onSearch }: FoundProps) {
  const mayRead = useMayRead(place, 'auditEvents')
  const resolved = useResolved(search)
  if (mayRead === false) return <Hidden why={unreadable} />
  return (
    <>
      {mayRead && <EventFilter search={search} onSearch={onSearch} />}
      {mayRead && place.kind === 'registry' && registry !== undefined && search.id === undefined && (
        <RequestStrips registryId={place.id} registry={registry} />
      )}
      <Loaded query={resolved}>
        {(known) => (
          <>
            <Events place={place} registry={registry} search={known} mayRead={mayRead === true} />
            <ListCommand name={place.name} search={known} />
          </>
        )}
      </Loaded>
    </>
  )
}

type EventsProps = AuditViewProps & { readonly place: LogPlace; readonly mayRead: boolean }

function Events({ place, registry, search, mayRead }: EventsProps) {
  const query = useEvents(place, search, mayRead)
  return (
    <>
      <Section title={search.id === undefined ? view.events : view.ofRequest}>
        <Loaded query={query}>
          {({ pages }) => {
            const events = pages.flatMap((page) => page.events)
            if (search.id !== undefined && events.length > 0) return <Request events={events} registry={registry} />
            return <EventTable events={events} registry={registry} search={search} />
          }}
        </Loaded>
        <Older query={query} />
      </Section>
      <ExportEvents place={place} search={search} />
    </>
  )
}

/** The events of one request, with everything that the log has about them. */
function Request({
  events,
  registry,
}: {
  readonly events: readonly AuditEvent[]
  readonly registry: string | undefined
}) {
  const names = useNames(events.map(({ actor }) => actor.id))
  return (
    <>
      {events.map((event) => (
        <EventFacts key={event.id} event={event} registry={registry} name={names.get(event.actor.id)} />
      ))}
      <div>
        <AuditLink registry={registry} search={{}}>
          {view.allEvents}
        </AuditLink>
      </div>
    </>
  )
}

function ListCommand({ name, search }: { readonly name: string | undefined; readonly search: EventSearch }) {
  const { data: session } = useSession()
  return <CommandLine text={listCommand(name, session?.publicOrigin ?? '', search)} />
}
