import { changeText } from '@acrux/shared/permissions/change-text.ts'
import type { Decision } from '@acrux/shared/wire/api-types.ts'
import { Text } from '@fluentui/react-components'
import { useState } from 'react'
import { usePermissions } from '../../api/use-permissions.ts'
import { ActionButton } from '../../components/elements/action-button.tsx'
import { AppLink } from '../../components/elements/app-link.tsx'
import { ConfirmDialog } from '../../components/elements/confirm-dialog.tsx'
import { CopyText } from '../../components/elements/copy-text.tsx'
import { Facts } from '../../components/elements/facts.tsx'
import { Section } from '../../components/elements/page.tsx'
import { operationsTexts } from '../../components/texts/operations.ts'
import { texts } from '../../components/texts/texts.ts'
import { words } from '../../components/texts/words.ts'
import { repositoriesText, scopeText } from '../access-control/describe.ts'
import { type PossibleFix, possibleFix } from './possible-fix.ts'
import { type DecisionPlace, useFix } from './use-denial.ts'

const view = operationsTexts.denial

type FixProps = {
  readonly decision: Decision
  readonly place: DecisionPlace
  /** The login server of the registry. */
  readonly registry: string | undefined
  readonly registryName: string | undefined
  readonly names: ReadonlyMap<string, string>
}

/** The smallest change that would have allowed the request: as a command, and as a button where it is a role. */
export function Fix({ decision, place, registry, registryName, names }: FixProps) {
  const { smallestChange, correlationId, since } = decision
  // The request is allowed by now: there is nothing to fix.
  if (since?.allowed === true) return undefined
  if (smallestChange === null) {
    return (
      <Section title={view.fix}>
        <Text>{view.noFix}</Text>
      </Section>
    )
  }
  const text = changeText(smallestChange, namesIn(decision, registryName, names))
  const isCommand = /^(?:acrux|az) /.test(text)
  const fix = possibleFix(decision)
  const isOfNetwork = smallestChange.kind === 'allow-address' || smallestChange.kind === 'enable-public-network'
  return (
    <Section title={view.fix}>
      {isCommand ? <CopyText label={view.fix} text={text} /> : <Text>{sentence(text)}</Text>}
      {fix !== undefined && place.kind !== 'own' && (
        <ApplyFix
          fix={fix}
          place={place}
          id={correlationId}
          principal={names.get(decision.principal.id) ?? decision.principal.id}
          command={isCommand ? text : undefined}
        />
      )}
      {isOfNetwork && registry !== undefined && (
        <div>
          <AppLink
            to="/r/$registry/policies"
            params={{ registry }}
            search={smallestChange.address ? { address: smallestChange.address } : {}}
          >
            {view.rules}
          </AppLink>
        </div>
      )}
    </Section>
  )
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`
}

/** The names in the command, as `acrux acr why` has them. */
function namesIn(decision: Decision, registry: string | undefined, names: ReadonlyMap<string, string>) {
  const { principal, scopeMap, asked, roleAssignmentMode } = decision
  const { kind, id } = principal
  const isDirectory = kind === 'user' || kind === 'service-principal'
  const token = kind === 'scoped-token' ? id.slice(id.indexOf('/') + 1) : undefined
  const name = names.get(id)
  return {
    registry,
    scopeMap: scopeMap?.name,
    token,
    objectId: isDirectory ? id : undefined,
    // The display name of an application may be that of another one, too.
    who: isDirectory ? (kind === 'user' && name?.includes('@') ? name : id) : token && `token:${token}`,
    asked: asked ?? undefined,
    isForRegistry: roleAssignmentMode === 'LegacyRegistryPermissions',
  }
}

type ApplyFixProps = {
  readonly fix: PossibleFix
  readonly place: DecisionPlace
  readonly id: string
  readonly principal: string
  readonly command: string | undefined
}

/** Assigns the role after a confirmation. */
function ApplyFix({ fix, place, id, principal, command }: ApplyFixProps) {
  const [isOpen, setOpen] = useState(false)
  const mayAct = usePermissions(fix.scope)
  const apply = useFix(place, id)
  const act = `${view.apply} ${fix.roleName}`
  const repositories = fix.repository ?? repositoriesText(fix.roleName, fix.condition)
  const reason = mayAct('Microsoft.Authorization/roleAssignments/write') ? undefined : view.mayNotAssign
  return (
    <>
      <div>
        <ActionButton appearance="primary" reason={reason} onClick={() => setOpen(true)}>
          {act}
        </ActionButton>
      </div>
      {isOpen && (
        <ConfirmDialog
          title={view.applyQuestion}
          confirm={act}
          onConfirm={() => apply(fix)}
          onClose={() => setOpen(false)}
        >
          <Facts
            facts={[
              [operationsTexts.who, principal],
              [words.role, fix.roleName],
              [words.scope, scopeText(fix.scope)],
              ...(repositories === undefined ? [] : [[view.repositories, repositories] as const]),
            ]}
          />
          <Text>{view.applyMeans(principal)}</Text>
          {command !== undefined && (
            <details>
              <summary>{texts.commandLine}</summary>
              <CopyText label={texts.commandLine} text={command} />
            </details>
          )}
        </ConfirmDialog>
      )}
    </>
  )
}
