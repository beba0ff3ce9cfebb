import { Text } from '@fluentui/react-components'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { operationsTexts } from '../../components/texts/operations.ts'
import { words } from '../../components/texts/words.ts'
import { AuditLink } from '../events/audit-link.tsx'
import { useAuditChain } from './use-integrity.ts'
import { useLogPlace } from '../events/use-log-place.ts'
import { Webhooks } from './webhooks.tsx'

const view = operationsTexts.integrity

/** Whether the log was altered, and where its events are sent. */
export function Integrity() {
  const place = useLogPlace(undefined)
  return (
    <Page title={view.title}>
      <Loaded query={place}>
        {(found) =>
          found === null ? (
            <Text>
              {operationsTexts.hidden} {operationsTexts.hiddenNext}
            </Text>
          ) : (
            <>
              <Chain subscription={found.id} />
              <Webhooks subscription={found.id} />
            </>
          )
        }
      </Loaded>
    </Page>
  )
}

function Chain({ subscription }: { readonly subscription: string }) {
  const query = useAuditChain(subscription)
  return (
    <Section title={view.chain}>
      <Loaded query={query}>
        {({ checkpoint, isSealed, lastBlockAt, waitingSeconds }) => (
          <>
            <Facts
              facts={[
                [words.state, isSealed ? view.sealed : view.altered],
                [view.lastBlock, lastBlockAt === null ? view.noBlocks : formatTime(lastBlockAt)],
                [view.waiting, `${Math.round(waitingSeconds)} ${view.seconds}`],
                [
                  view.alterations,
                  <AuditLink key="link" registry={undefined} search={{ action: 'audit-log.altered' }}>
                    {view.searchLog}
                  </AuditLink>,
                ],
              ]}
            />
            {checkpoint !== null && (
              <>
                <Text>{view.checkpointHint}</Text>
                <CopyText label={view.checkpoint} text={checkpoint} />
                <CommandLine text={`acrux audit verify --data-dir /var/lib/acrux --expect ${checkpoint}`} />
              </>
            )}
          </>
        )}
      </Loaded>
    </Section>
  )
}
