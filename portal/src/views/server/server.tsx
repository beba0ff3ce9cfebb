import { Badge, Text } from '@fluentui/react-components'
import { ApiError } from '../../api/client.ts'
import type { ServerStatus } from '../../api/types.ts'
import { useSession } from '../../session/use-session.ts'
import { CopyText } from '../../shell/copy-text.tsx'
import { DataTable } from '../../shell/data-table.tsx'
import { Facts } from '../../shell/facts.tsx'
import { formatBytes, formatTime } from '../../shell/format.ts'
import { Loaded } from '../../shell/loaded.tsx'
import { Page, Section } from '../../shell/page.tsx'
import { operationsTexts } from '../../texts/operations.ts'
import { texts } from '../../texts.ts'
import { useLogPlace } from '../audit/use-log-place.ts'
import { Keys } from './keys.tsx'
import { ScrubSection } from './scrub.tsx'
import { Settings } from './settings.tsx'
import { useStatus } from './use-server.ts'

const view = operationsTexts.server

/** The state of the server, for its owners. */
export function Server() {
  const place = useLogPlace(undefined)
  return (
    <Page title={view.title}>
      <Loaded query={place}>{(found) => (found === null ? <Hidden /> : <Status subscription={found.id} />)}</Loaded>
    </Page>
  )
}

function Hidden() {
  return (
    <Text>
      {view.hidden} {view.hiddenNext}
    </Text>
  )
}

function Status({ subscription }: { readonly subscription: string }) {
  const query = useStatus(subscription)
  const { data: session } = useSession()
  if (query.error instanceof ApiError && query.error.status === 403) return <Hidden />
  return (
    <>
      <Loaded query={query}>
        {(status) => (
          <>
            <Components status={status} />
            <Section title={view.about}>
              <Facts
                facts={[
                  [view.version, status.version],
                  [view.started, formatTime(status.startedAt)],
                  [view.disk, diskText(status.disk)],
                  [
                    view.collection,
                    status.lastCollectionAt === null ? texts.never : formatTime(status.lastCollectionAt),
                  ],
                  ...certificateFacts(status.certificate),
                ]}
              />
            </Section>
            <Keys subscription={subscription} keys={status.signingKeys} />
          </>
        )}
      </Loaded>
      <ScrubSection subscription={subscription} />
      <Section title={view.backup}>
        <Text>{view.backupHint}</Text>
        <CopyText label={view.backup} text="acrux backup create /backup/acrux --data-dir /var/lib/acrux" />
      </Section>
      <Settings subscription={subscription} />
      <Section title={texts.commandLine}>
        <CopyText label={texts.commandLine} text={`acrux health --server ${session?.publicOrigin ?? ''}`} />
        <CopyText label={view.scrub} text={`acrux scrub --server ${session?.publicOrigin ?? ''}`} />
      </Section>
    </>
  )
}

const colors = { ok: 'success', degraded: 'warning', unavailable: 'danger' } as const

function Components({ status }: { readonly status: ServerStatus }) {
  return (
    <Section title={view.health}>
      <Text>
        <State state={status.status} />
      </Text>
      <DataTable
        label={view.health}
        rows={status.components}
        keyOf={({ name }) => name}
        columns={[
          { title: view.component, cell: ({ name }) => name },
          { title: view.state, cell: ({ state }) => <State state={state} /> },
          { title: view.message, cell: ({ message }) => message },
        ]}
      />
    </Section>
  )
}

function State({ state }: { readonly state: ServerStatus['status'] }) {
  return (
    <Badge appearance="tint" color={colors[state]}>
      {view.states[state]}
    </Badge>
  )
}

function diskText(disk: ServerStatus['disk']): string {
  if (disk === null) return view.elsewhere
  const { freeBytes, reserveBytes, isLow } = disk
  const low = isLow ? ` ${view.low}` : ''
  return `${formatBytes(freeBytes)}, ${formatBytes(reserveBytes)} ${view.reserve}.${low}`
}

function certificateFacts(certificate: ServerStatus['certificate']): [string, string][] {
  if (certificate === null) return [[view.certificate, view.noTls]]
  const { expiresAt, authorityExpiresAt, authorityFile } = certificate
  return [
    [view.certificate, formatTime(expiresAt)],
    [view.authority, authorityExpiresAt === null ? view.configured : formatTime(authorityExpiresAt)],
    ...(authorityFile === null ? [] : [[view.authorityFile, authorityFile] as [string, string]]),
  ]
}
