import type { Decision } from '@acrux/shared/wire/api-types.ts'
import { Text } from '@fluentui/react-components'
import { useParams } from '@tanstack/react-router'
import { ApiError } from '../../api/client.ts'
import { AppLink } from '../../components/elements/app-link.tsx'
import { CommandLine } from '../../components/elements/command-line.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Loaded } from '../../components/elements/loaded.tsx'
import { Page, Section } from '../../components/elements/page.tsx'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { codeText, operationsTexts } from '../../components/texts/operations.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { AuditLink } from '../events/audit-link.tsx'
import { useNames } from '../events/use-events.ts'
import { type NamedPlace, useLogPlace, useMayRead } from '../events/use-log-place.ts'
import { ConsideredAssignments } from './considered-assignments.tsx'
import { Fix } from './fix.tsx'
import { RequestFacts } from './request-facts.tsx'
import { type DecisionPlace, ownRequests, useDecision } from './use-denial.ts'

const view = operationsTexts.denial

/** The explanation of a denial of any surface. */
export function Denial() {
  const { id } = useParams({ from: '/shell/denials/$id' })
  return <DenialView id={id} registry={undefined} />
}

/** The explanation of a denial of one registry. */
export function RegistryDenial() {
  const { name } = useAddressedRegistry()
  const { id } = useParams({ from: '/shell/r/$registry/denials/$id' })
  return <DenialView id={id} registry={name} />
}

type DenialViewProps = { readonly id: string; readonly registry: string | undefined }

function DenialView(props: DenialViewProps) {
  return (
    <Page title={view.title}>
      <WhyDenied {...props} />
    </Page>
  )
}

/** Why a request was denied, and the change that allows it: the content of a page or a panel. */
export function WhyDenied({ id, registry }: DenialViewProps) {
  const place = useLogPlace(registry)
  return (
    <Loaded query={place}>
      {(found) =>
        found === null ? (
          <OwnDenial id={id} registry={registry} />
        ) : (
          <AnyDenial place={found} id={id} registry={registry} />
        )
      }
    </Loaded>
  )
}

/** For people who may not read the reason. */
function Hidden() {
  return (
    <>
      <Text>{view.hidden}</Text>
      <ForOwner />
    </>
  )
}

/** For people who can change nothing: they can send the address to those who can. */
function ForOwner() {
  return (
    <>
      <Text>{view.hiddenNext}</Text>
      <CopyText label={view.title} text={location.href} />
    </>
  )
}

/** A request of the person. */
function OwnDenial({ id, registry }: DenialViewProps) {
  const query = useDecision(ownRequests, id)
  if (statusOf(query.error) === 404) return <Hidden />
  return (
    <Loaded query={query}>
      {(decision) => <Explanation decision={decision} place={ownRequests} registry={registry} />}
    </Loaded>
  )
}

/** A request of anybody, or one of the person if they may read no others. */
function AnyDenial({ place, id, registry }: DenialViewProps & { readonly place: NamedPlace }) {
  const mayRead = useMayRead(place, 'decisions')
  const query = useDecision(place, id, mayRead === true)
  const status = statusOf(query.error)
  if (mayRead === false || status === 403) return <OwnDenial id={id} registry={registry} />
  if (status === 404) {
    return (
      <>
        <Text>
          {view.missing} {view.missingNext}
        </Text>
        {registry !== undefined && (
          <AppLink to="/denials/$id" params={{ id }}>
            {view.elsewhere}
          </AppLink>
        )}
      </>
    )
  }
  return (
    <Loaded query={query}>{(decision) => <Explanation decision={decision} place={place} registry={registry} />}</Loaded>
  )
}

const statusOf = (error: unknown): number | undefined => (error instanceof ApiError ? error.status : undefined)

type ExplanationProps = {
  readonly decision: Decision
  readonly place: DecisionPlace
  readonly registry: string | undefined
}

function Explanation({ decision, place, registry }: ExplanationProps) {
  const { principal, assignments, firstFailure, correlationId } = decision
  const names = useNames([principal.id, ...assignments.map(({ principalId }) => principalId)])
  const name = place.name ?? /\/registries\/([^/]+)/.exec(decision.asked?.scope ?? '')?.[1]
  const isOwn = place.kind === 'own'
  const command = isOwn
    ? `acrux acr why ${correlationId} --own`
    : `acrux acr why ${correlationId}${name === undefined ? '' : ` -n ${name}`}`
  return (
    <>
      <Section title={words.reason}>
        <Text>
          {firstFailure === null ? texts.none : codeText(operationsTexts.failures, firstFailure)}{' '}
          {firstFailure !== null && <code>({firstFailure})</code>}
        </Text>
        <div role="status">
          <Since decision={decision} />
        </div>
      </Section>
      <Fix decision={decision} place={place} registry={registry} names={names} registryName={name} />
      {isOwn && <ForOwner />}
      <Section title={view.request}>
        <RequestFacts decision={decision} names={names} />
        {!isOwn && (
          <div>
            <AuditLink registry={registry} search={{ id: correlationId }}>
              {operationsTexts.ofRequest}
            </AuditLink>
          </div>
        )}
      </Section>
      <ConsideredAssignments decision={decision} names={names} />
      <CommandLine text={command} />
    </>
  )
}

function Since({ decision: { since, needs, asked } }: { readonly decision: Decision }) {
  // Without what was requested, the server cannot decide again.
  if (since === null) return needs.length === 0 || asked === null ? null : <Text>{view.unchanged}</Text>
  if (since.allowed) return <Text>{view.nowAllowed}</Text>
  return (
    <Text>
      {view.nowDenied} {codeText(operationsTexts.failures, since.firstFailure ?? '')}
    </Text>
  )
}
