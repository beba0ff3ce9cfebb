import { Button, Field, Input, Text, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import type { AuditEvent, Registry } from '../../api/types.ts'
import { useSession } from '../../session/use-session.ts'
import { AppLink } from '../../shell/app-link.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { formatTime } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { texts } from '../../texts.ts'
import { useRecentPushes, useRegistries } from './use-home.ts'

const view = texts.homeView

const useStyles = makeStyles({
  form: { display: 'flex', flexWrap: 'wrap', alignItems: 'flex-end', gap: tokens.spacingHorizontalM },
  list: { margin: 0, paddingLeft: tokens.spacingHorizontalXL },
})

/** The first view: registries, what needs attention, the last pushes. */
export function Home() {
  const registries = useRegistries()
  const subscriptionId = registries.data?.[0]?.id.split('/')[2]
  const pushes = useRecentPushes(subscriptionId)
  return (
    <Page title={view.welcome}>
      <Section title={view.registries}>
        <Loaded query={registries}>{(found) => <RegistryTable registries={found} />}</Loaded>
        <OpenRegistry />
      </Section>
      {registries.data !== undefined && registries.data.length > 0 && (
        <>
          <Section title={view.attention}>
            <Attention registries={registries.data} />
          </Section>
          <Section title={view.pushes}>
            <Loaded query={pushes}>{({ events }) => <Pushes events={events} />}</Loaded>
          </Section>
        </>
      )}
    </Page>
  )
}

function RegistryTable({ registries }: { readonly registries: readonly Registry[] }) {
  if (registries.length === 0) {
    return (
      <Text>
        {view.noRegistries} {view.noRegistriesNext}
      </Text>
    )
  }
  return (
    <DataTable
      label={view.registries}
      rows={registries}
      keyOf={({ id }) => id}
      columns={[
        {
          title: texts.repositoriesView.name,
          cell: ({ name, properties }) => (
            <AppLink to="/registries/$registry" params={{ registry: properties.loginServer }}>
              {name}
            </AppLink>
          ),
        },
        { title: view.loginServer, cell: ({ properties }) => properties.loginServer },
        { title: texts.registryView.created, cell: ({ properties }) => formatTime(properties.creationDate) },
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
    if (host !== '') void navigate({ to: '/registries/$registry/repositories', params: { registry: host } })
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

function Attention({ registries }: { readonly registries: readonly Registry[] }) {
  const styles = useStyles()
  const found = registries.flatMap(({ id, properties }) => {
    const { loginServer, adminUserEnabled, anonymousPullEnabled, publicNetworkAccess } = properties
    const reasons = [
      adminUserEnabled && view.adminOn,
      anonymousPullEnabled && view.anonymousOn,
      publicNetworkAccess === 'Disabled' && view.networkOff,
    ].filter((reason) => reason !== false)
    return reasons.map((reason) => ({ id, loginServer, reason }))
  })
  if (found.length === 0) return <Text>{view.quiet}</Text>
  return (
    <ul className={styles.list}>
      {found.map(({ id, loginServer, reason }) => (
        <li key={`${id} ${reason}`}>
          <AppLink inline to="/registries/$registry" params={{ registry: loginServer }}>
            {loginServer}
          </AppLink>
          : {reason}
        </li>
      ))}
    </ul>
  )
}

function Pushes({ events }: { readonly events: readonly AuditEvent[] | undefined }) {
  if (events === undefined) return <Text>{view.pushesHidden}</Text>
  if (events.length === 0) return <Text>{view.noPushes}</Text>
  return (
    <DataTable
      label={view.pushes}
      rows={events}
      keyOf={({ id }) => id}
      columns={[
        { title: texts.manifest, cell: ({ target }) => target },
        { title: texts.repositoryView.updated, cell: ({ eventTimestamp }) => formatTime(eventTimestamp) },
      ]}
    />
  )
}
