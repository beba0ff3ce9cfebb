import { sizeText } from '@acrux/shared/texts/size-text.ts'
import { Badge, ProgressBar, Text, makeStyles, tokens } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import type { ServerStatus } from '../../api/types.ts'
import { useSession } from '../../api/use-session.ts'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { Table } from '../../components/table/table.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { formatAge, formatTime } from '../../components/texts/format.ts'
import { serverTexts } from '../../components/texts/server.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { UnlessHidden } from './unless-hidden.tsx'
import { useStatus } from './use-server.ts'

const view = serverTexts

const useStyles = makeStyles({ disk: { display: 'grid', rowGap: tokens.spacingVerticalXS, maxWidth: '24rem' } })

type OverviewProps = { readonly subscription: string; readonly hidden: ReactNode }

/** Health, servers, version and disk. */
export function Overview({ subscription, hidden }: OverviewProps) {
  const query = useStatus(subscription)
  const { data: session } = useSession()
  return (
    <UnlessHidden query={query} hidden={hidden}>
      <Loaded query={query}>
        {(status) => (
          <>
            <Components status={status} />
            <Section title={view.about}>
              <Facts
                facts={[
                  [view.version, status.version],
                  [words.started, formatTime(status.startedAt)],
                  [view.disk, <Disk key="disk" disk={status.disk} />],
                ]}
              />
            </Section>
            <Servers servers={status.servers} />
          </>
        )}
      </Loaded>
      <CommandLine text={`acrux health --server ${session?.publicOrigin ?? ''}`} />
    </UnlessHidden>
  )
}

const colors = { ok: 'success', degraded: 'warning', unavailable: 'danger' } as const

function Components({ status }: { readonly status: ServerStatus }) {
  return (
    <Section title={view.health}>
      <Text>
        <State state={status.status} />
      </Text>
      <Table
        isWrapped
        label={view.health}
        rows={status.components}
        keyOf={({ name }) => name}
        columns={[
          { title: view.component, cell: ({ name }) => name },
          { title: words.state, cell: ({ state }) => <State state={state} /> },
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

function Disk({ disk }: { readonly disk: ServerStatus['disk'] }) {
  const styles = useStyles()
  if (disk === null) return view.elsewhere
  const { totalBytes, freeBytes, reserveBytes, isLow } = disk
  const used = view.diskUsed(sizeText(totalBytes - freeBytes), sizeText(totalBytes))
  return (
    <div className={styles.disk}>
      <Text>{used}</Text>
      <ProgressBar
        value={totalBytes - freeBytes}
        max={totalBytes}
        color={isLow ? 'error' : 'brand'}
        aria-label={used}
      />
      <Text>
        {view.free}: {sizeText(freeBytes)}
      </Text>
      <Text>
        {view.reserve}: {sizeText(reserveBytes)}
      </Text>
      {isLow && <Text>{view.low}</Text>}
      <Text>{view.quotas}</Text>
    </div>
  )
}

function Servers({ servers }: Pick<ServerStatus, 'servers'>) {
  return (
    <Section title={view.servers}>
      <Text>{view.serversHint}</Text>
      <Table
        isWrapped
        label={view.servers}
        rows={servers}
        keyOf={({ id }) => id}
        columns={[
          {
            title: view.machine,
            cell: ({ host, isThis }) => `${host ?? texts.unknown}${isThis ? ` (${view.thisServer})` : ''}`,
          },
          { title: view.version, cell: ({ version }) => version ?? texts.unknown },
          { title: words.started, cell: ({ startedAt }) => timeOf(startedAt) },
          {
            title: view.lastSeen,
            cell: ({ lastSeenAt }) => (lastSeenAt === null ? texts.unknown : formatAge(lastSeenAt)),
          },
          { title: view.work, cell: ({ runsJobs }) => (runsJobs ? words.yes : words.no) },
        ]}
      />
    </Section>
  )
}

function timeOf(text: string | null): string {
  return text === null ? texts.unknown : formatTime(text)
}
