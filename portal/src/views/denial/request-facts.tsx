import type { Decision } from '@acrux/shared/wire/api-types.ts'
import { type Fact, Facts } from '../../components/elements/facts.tsx'
import { formatTime } from '../../components/texts/format.ts'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'

const { denial: view, ...log } = operationsTexts

type RequestFactsProps = { readonly decision: Decision; readonly names: ReadonlyMap<string, string> }

/** Who requested what, from where, and with what. */
export function RequestFacts({ decision, names }: RequestFactsProps) {
  return <Facts facts={[...callerFacts(decision, names), ...accessFacts(decision)]} />
}

function callerFacts({ principal, credential, ...decision }: Decision, names: ReadonlyMap<string, string>): Fact[] {
  const name = names.get(principal.id)
  const who = [codeText(log.kinds, principal.kind), name, principal.id === name ? '' : principal.id]
  return [
    [log.who, who.filter((part) => part !== undefined && part !== '').join(' ')],
    [log.credential, credential === null ? texts.none : `${credential.kind} ${credential.id ?? ''}`],
    [log.time, formatTime(decision.eventTimestamp)],
    [words.address, decision.remoteAddress],
    [words.action, decision.event],
    [log.target, decision.target],
    [words.correlationId, decision.correlationId],
  ]
}

function accessFacts({ asked, token, needs, tokenAccess, presented, scopeMap, roleAssignmentMode }: Decision): Fact[] {
  const mode = roleAssignmentMode === null ? undefined : codeText(texts.registryView.modes, roleAssignmentMode)
  const facts: (readonly [name: string, value: string | undefined])[] = [
    [view.requested, asked === null ? undefined : `${asked.action}${on(asked.repository)}`],
    [
      view.token,
      token === null ? undefined : `${token.asked.join(' ')}; ${view.granted} ${token.granted || view.nothing}`,
    ],
    [view.leftOut, token === null || token.leftOut.length === 0 ? undefined : token.leftOut.join(' ')],
    [view.needs, needs.length === 0 ? undefined : needs.join(` ${view.or} `)],
    [view.sent, tokenAccess === null ? undefined : tokenAccess || view.sentNothing],
    [view.presented, presentedText(presented)],
    [words.scopeMap, scopeMap === null ? undefined : `${scopeMap.name}: ${scopeMap.actions.join(' ')}`],
    [view.mode, mode],
  ]
  return facts.flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]))
}

function on(repository: string | null): string {
  return repository === null ? '' : ` ${view.on} ${repository}`
}

function presentedText(presented: Decision['presented']): string | undefined {
  if (presented === null) return undefined
  const { issuer, subject, expiredAt, wantedAudience } = presented
  const expired = expiredAt === null ? '' : `, ${view.expired} ${formatTime(expiredAt)}`
  const audience = wantedAudience === null ? '' : `, ${view.audience} ${wantedAudience}`
  return `${issuer}, ${view.subject} ${subject}${expired}${audience}`
}
