import type { AuditEvent } from '../../api/types.ts'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { ExplainLink } from '../../components/elements/explain-link.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { formatExact } from '../../components/texts/format.ts'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { Outcome } from './outcome.tsx'

const view = operationsTexts

type EventFactsProps = {
  readonly event: AuditEvent
  readonly registry: string | undefined
  readonly name: string | undefined
}

/** Everything that the log has about an event. */
export function EventFacts({ event, registry, name }: EventFactsProps) {
  const { actor, credential, detail } = event
  return (
    <>
      <Facts
        facts={[
          [view.time, formatExact(event.eventTimestamp)],
          [words.action, event.action],
          [
            words.outcome,
            <>
              <Outcome outcome={event.outcome} />{' '}
              {event.outcome === 'refused' && <ExplainLink id={event.correlationId} registry={registry} />}
            </>,
          ],
          [words.reason, event.reason ?? texts.none],
          [view.who, `${codeText(view.kinds, actor.kind)} ${name ?? ''} ${actor.id}`.replaceAll(/ +/g, ' ')],
          [view.credential, credential === null ? texts.none : `${credential.kind} ${credential.id ?? ''}`],
          [view.target, event.target],
          [words.address, event.remoteAddress],
          [view.client, event.userAgent ?? texts.unknown],
          [words.correlationId, event.correlationId],
        ]}
      />
      <CopyText label={view.details} text={JSON.stringify(detail, undefined, 2)} />
    </>
  )
}
