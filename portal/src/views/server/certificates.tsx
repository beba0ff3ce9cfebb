import { Badge, Text } from '@fluentui/react-components'
import type { ReactNode } from 'react'
import type { HostCertificates, ServerStatus } from '../../api/types.ts'
import { Table } from '../../components/table/table.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Section } from '../../components/elements/page.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { serverTexts } from '../../components/texts/server.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { Keys } from './keys.tsx'
import { UnlessHidden } from './unless-hidden.tsx'
import { useCertificates, useStatus } from './use-server.ts'

const view = serverTexts

type CertificatesProps = { readonly subscription: string; readonly hidden: ReactNode }

/** The certificates of the hosts, and the signing keys. */
export function Certificates({ subscription, hidden }: CertificatesProps) {
  const status = useStatus(subscription)
  const certificates = useCertificates(subscription)
  return (
    <UnlessHidden query={status} hidden={hidden}>
      <Section title={view.certificates}>
        <Text>{view.certificatesHint}</Text>
        <Loaded query={certificates}>{(found) => <Hosts certificates={found} />}</Loaded>
        <Loaded query={status}>{({ certificate }) => <Facts facts={authorityFacts(certificate)} />}</Loaded>
      </Section>
      <Loaded query={status}>{({ signingKeys }) => <Keys subscription={subscription} keys={signingKeys} />}</Loaded>
      {['certificates', 'rotateSigningKeys', 'withdrawSigningKeys'].map((name) => (
        <CommandLine key={name} label={name} text={commandOf(subscription, name)} />
      ))}
    </UnlessHidden>
  )
}

type HostRow = HostCertificates['value'][number]

function Hosts({ certificates: { value, hostCount } }: { readonly certificates: HostCertificates }) {
  if (value.length === 0) return <Text>{view.noTls}</Text>
  return (
    <>
      <Table
        isWrapped
        label={view.certificates}
        rows={value}
        keyOf={({ host }) => host}
        columns={[
          { title: view.host, cell: ({ host }) => host },
          { title: view.from, cell: ({ source }) => view.sources[source] },
          { title: words.issuer, cell: ({ issuer }) => issuer },
          { title: words.expires, cell: ({ expiresAt }) => formatTime(expiresAt) },
          { title: view.renewal, cell: (row) => <Renewal row={row} /> },
        ]}
      />
      {hostCount > value.length && <Text>{view.moreHosts(hostCount - value.length)}</Text>}
    </>
  )
}

const colors = { issued: 'success', waiting: 'informative', failed: 'danger' } as const

function Renewal({ row: { acme, source, coversHost } }: { readonly row: HostRow }) {
  return (
    <>
      {!coversHost && <div>{view.notCovered}</div>}
      {acme === null ? <div>{source === 'configured' ? view.byFiles : view.byServer}</div> : <Order order={acme} />}
    </>
  )
}

function Order({ order }: { readonly order: NonNullable<HostRow['acme']> }) {
  const { state, renewalDueAt, failures, lastError, nextAttemptAt } = order
  return (
    <>
      <Badge appearance="tint" color={colors[state]}>
        {view.orders[state]}
      </Badge>
      {state === 'failed' && (
        <>
          <div>{view.attempts(failures)}</div>
          <div>{lastError}</div>
          <div>
            {view.nextAttempt}: {nextAttemptAt === null ? texts.unknown : formatTime(nextAttemptAt)}
          </div>
        </>
      )}
      {renewalDueAt !== null && (
        <div>
          {view.renewalDue} {formatTime(renewalDueAt)}
        </div>
      )}
    </>
  )
}

function authorityFacts(certificate: ServerStatus['certificate']): Fact[] {
  if (certificate === null || certificate.authorityExpiresAt === null) return []
  const { authorityExpiresAt, authorityFile } = certificate
  return [
    [view.authority, formatTime(authorityExpiresAt)],
    ...(authorityFile === null ? [] : [[view.authorityFile, authorityFile] as const]),
  ]
}

function commandOf(subscription: string, name: string): string {
  const method = name === 'certificates' ? 'get' : 'post'
  return `az rest --method ${method} --url "${subscription}/providers/Acrux.Server/${name}?api-version=2024-11-01"`
}
