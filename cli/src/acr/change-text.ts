import type { DecisionChange } from '../api-types.ts'
import { shellWord } from '../shell-word.ts'

/** The names in a command. An unknown name is a placeholder in capital letters. */
export type ChangeFor = {
  readonly registry?: string | undefined
  readonly objectId?: string | undefined
  readonly token?: string | undefined
  readonly scopeMap?: string | undefined
}

/** The `az` command that makes a change, or a sentence if there is none. */
export function changeText(change: DecisionChange, names: ChangeFor): string {
  const registry = shellWord(names.registry ?? 'REGISTRY')
  const id = shellWord(names.objectId ?? 'OBJECT-ID')
  switch (change.kind) {
    case 'assign-role':
      return assignRole(change, id)
    case 'change-condition':
      return `have the condition of ${change.assignmentId ?? 'the assignment'} hold for it`
    case 'extend-scope-map':
      return extendScopeMap(change.action ?? '', registry, shellWord(names.scopeMap ?? 'SCOPE-MAP'))
    case 'enable-admin-account':
      return `az acr update -n ${registry} --admin-enabled true`
    case 'enable-anonymous-pull':
      return `az acr update -n ${registry} --anonymous-pull-enabled true`
    case 'enable-arm-tokens':
      return `az acr config authentication-as-arm update -r ${registry} --status enabled`
    case 'enable-scoped-token':
      return `az acr token update -n ${shellWord(names.token ?? 'TOKEN')} -r ${registry} --status enabled`
    case 'enable-principal':
      return `az ad user update --id ${id} --account-enabled true, or az ad sp update --id ${id} --set accountEnabled=true`
    case 'allow-address':
      return allowAddress(registry, change.address ?? 'ADDRESS')
    case 'enable-public-network':
      return `az acr update -n ${registry} --public-network-enabled true${change.address ? `, and ${allowAddress(registry, change.address)}` : ''}`
    default:
      return inWords(change)
  }
}

function inWords({ kind, access }: DecisionChange): string {
  const what = words[kind] ?? kind
  return access ? `${what}, for ${access}` : what
}

/** Changes for which there is no command. */
const words: Readonly<Record<string, string>> = {
  'get-new-token': 'ask for a new token',
  'sign-in': 'sign in as somebody who may',
  'sign-in-again': 'sign in again',
  'try-again': 'try again: who issued the token could not be asked',
  'add-federated-credential':
    'az ad app federated-credential create, for the issuer, subject and audience of the token',
  'name-application': 'say by client_id which of the applications that trust the token is meant',
  'allow-pull-from-source': 'give pull on the registry and repository that the image comes from',
}

function assignRole({ roleName, scope, condition }: DecisionChange, objectId: string): string {
  const whom = `--assignee-object-id ${objectId} --scope ${shellWord(scope ?? 'SCOPE')}`
  const command = `az role assignment create --role ${shellWord(roleName ?? 'ROLE')} ${whom}`
  return condition ? `${command} --condition-version 2.0 --condition ${shellWord(condition)}` : command
}

/** `repositories/team/app/content/read`: the repository may contain slashes, the action contains one. */
function extendScopeMap(action: string, registry: string, scopeMap: string): string {
  const [, repository = 'REPOSITORY', right = 'ACTION'] = /^repositories\/(.+)\/([^/]+\/[^/]+)$/.exec(action) ?? []
  return `az acr scope-map update -n ${scopeMap} -r ${registry} --add-repository ${shellWord(repository)} ${right}`
}

function allowAddress(registry: string, address: string): string {
  return `az acr network-rule add -n ${registry} --ip-address ${shellWord(address)}`
}
