import { Button, Field, Input, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { Registry } from '../../api/registry-document.ts'
import type { AuditEvent } from '../../api/types.ts'
import { type MayAct, useKnownPermissions } from '../../api/use-permissions.ts'
import { useSession } from '../../api/use-session.ts'
import { isAddress } from '../../components/elements/address.ts'
import { Age } from '../../components/elements/age.tsx'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Table } from '../../components/table/table.tsx'
import { ErrorView } from '../../components/elements/error-view.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { useRegistries } from '../../components/registries/use-registry.ts'
import { formatTime } from '../../components/texts/format.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { SearchForm } from '../search/search-form.tsx'
import { FirstRun } from './first-run.tsx'
import { parseImageTarget } from './image-target.ts'
import { readsEvents } from './read-visible-events.ts'
import { useAttention, useRecentPushes } from './use-home.ts'

const view = texts.homeView

const useStyles = makeStyles({
  form: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: tokens.spacingHorizontalM },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL, overflowWrap: 'anywhere' },
  hint: { color: tokens.colorNeutralForeground2 },
})

/** The first view: registries, what needs attention, the last pushes. */
export function Home() {
  const registries = useRegistries()
  const [first] = registries.data ?? []
  const subscriptionId = first?.id.split('/')[2]
  const mayAct = useKnownPermissions(first?.id.split('/').slice(0, 3).join('/'))
  const pushes = useRecentPushes(registries.data ?? [], mayAct)
  return (
    <Page title={view.welcome}>
      <SearchForm initial="" />
      <FirstRun
        // All requests begin together, once it is known which are permitted.
        subscriptionId={mayAct && subscriptionId}
        readsEvents={mayAct?.(readsEvents) === true}
        registryName={first?.name}
        hasPushes={(pushes.data?.events ?? []).length > 0}
      />
      {registries.data !== undefined && subscriptionId !== undefined && (
        <Section title={view.attention}>
          {mayAct && <AttentionList registries={registries.data} subscriptionId={subscriptionId} mayAct={mayAct} />}
        </Section>
      )}
      <Section title={view.registries}>
        <Loaded query={registries}>{(found) => <RegistryTable registries={found} />}</Loaded>
        <OpenRegistry />
      </Section>
      {subscriptionId !== undefined && (
        <Section title={view.pushes}>
          <Loaded query={pushes}>
            {({ events }) => <Pushes events={events} registries={registries.data ?? []} />}
          </Loaded>
        </Section>
      )}
      <CommandLine
        text="acrux acr list -o table"
        more={[{ label: view.pushes, text: 'acrux audit list --action manifest.push' }]}
      />
    </Page>
  )
}

function RegistryTable({ registries }: { readonly registries: readonly Registry[] }) {
  const { data: session } = useSession()
  if (registries.length === 0) {
    return (
      <>
        <Text>
          {view.noRegistries} {view.noRegistriesNext}
        </Text>
        {session !== undefined && <Text>{view.askForRole(session.person.userPrincipalName)}</Text>}
      </>
    )
  }
  return (
    <Table
      isWrapped
      label={view.registries}
      rows={registries}
      keyOf={({ id }) => id}
      columns={[
        {
          title: words.name,
          cell: ({ name }) => (
            <AppLink to="/r/$registry" params={{ registry: name }}>
              {name}
            </AppLink>
          ),
        },
        { title: view.loginServer, cell: ({ properties }) => properties.loginServer },
        { title: words.created, cell: ({ properties }) => formatTime(properties.creationDate) },
      ]}
    />
  )
}

/** For people who may pull or push, and whose roles do not include listing registries. */
function OpenRegistry() {
  const styles = useStyles()
  const { data: session } = useSession()
  const navigate = useNavigate()
  const [typed, setTyped] = useState<string>()
  const host = typed ?? (session === undefined ? '' : new URL(session.publicOrigin).host)
  const open = (event: FormEvent) => {
    event.preventDefault()
    if (host !== '') void navigate({ to: '/registries/$loginServer/$', params: { loginServer: host } })
  }
  return (
    <form className={styles.form} onSubmit={open}>
      <Field label={view.loginServer}>
        <Input value={host} onChange={(_event, { value }) => setTyped(value.trim())} spellCheck={false} />
      </Field>
      <Button type="submit">{view.open}</Button>
    </form>
  )
}

type AttentionListProps = {
  readonly registries: readonly Registry[]
  readonly subscriptionId: string
  readonly mayAct: MayAct
}

function AttentionList({ registries, subscriptionId, mayAct }: AttentionListProps) {
  const styles = useStyles()
  const [isWhole, setWhole] = useState(false)
  const { items, hidden, isCut, isLoading, error } = useAttention(registries, subscriptionId, mayAct, isWhole)
  return (
    <>
      {items.length === 0 && !isLoading && error === undefined && <Text>{view.quiet}</Text>}
      {items.length > 0 && (
        <ul className={styles.list}>
          {items.map(({ registry, text }) => (
            <li key={`${registry ?? ''} ${text}`}>
              {registry !== undefined && (
                <>
                  <AppLink inline to="/r/$registry" params={{ registry }}>
                    {registry}
                  </AppLink>
                  {': '}
                </>
              )}
              {text}
            </li>
          ))}
        </ul>
      )}
      {isLoading && <Text role="status">{texts.loading}</Text>}
      {error !== undefined && <ErrorView error={error} />}
      {isCut && !isWhole && (
        <div>
          <Text>{imagesTexts.home.cut}</Text>{' '}
          <Button onClick={() => setWhole(true)}>{imagesTexts.home.checkAll}</Button>
        </div>
      )}
      {hidden.length > 0 && <Text className={styles.hint}>{imagesTexts.home.hidden(hidden.join(', '))}</Text>}
    </>
  )
}

type PushesProps = { readonly events: readonly AuditEvent[] | undefined; readonly registries: readonly Registry[] }

function Pushes({ events, registries }: PushesProps) {
  if (events === undefined) return <Text>{view.pushesHidden}</Text>
  return (
    <Table
      isWrapped
      label={view.pushes}
      empty={view.noPushes}
      rows={events}
      keyOf={({ id }) => id}
      columns={[
        { title: imagesTexts.home.image, cell: ({ target }) => <Target target={target} registries={registries} /> },
        { title: texts.repositoryView.updated, cell: ({ eventTimestamp }) => <Age time={eventTimestamp} /> },
      ]}
    />
  )
}

function Target({ target, registries }: { readonly target: string; readonly registries: readonly Registry[] }) {
  const { loginServer, repository = '', reference = '' } = parseImageTarget(target) ?? {}
  const found = registries.find(({ properties }) => properties.loginServer === loginServer)
  if (found === undefined || !isAddress({ repository, reference })) return <>{target}</>
  const image = { registry: found.name, repository, reference }
  return (
    <AppLink to="/r/$registry/repositories/$repository/manifests/$reference" params={image}>
      {target}
    </AppLink>
  )
}
