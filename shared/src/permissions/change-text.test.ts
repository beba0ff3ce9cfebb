import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { DecisionChange } from '../wire/api-types.ts'
import { type ChangeFor, changeText } from './change-text.ts'

// prettier-ignore
const cases: readonly (readonly [change: DecisionChange, names: ChangeFor, text: string, why: string])[] = [
  [{ kind: 'enable-admin-account' }, { registry: 'contoso' }, 'acrux acr update -n contoso --admin-enabled true', 'a known registry'],
  [{ kind: 'enable-admin-account' }, {}, 'acrux acr update -n REGISTRY --admin-enabled true', 'an unknown name is a placeholder'],
  [{ kind: 'assign-role', roleName: 'AcrPull', scope: '/subscriptions/s' }, { objectId: 'o' },
    'acrux role assignment create --role AcrPull --assignee-object-id o --scope /subscriptions/s', 'a role without a condition'],
  [{ kind: 'assign-role', roleName: 'Container Registry Reader', scope: '/s', condition: "@Request[a] StringEquals 'b'" }, { objectId: 'o' },
    "acrux role assignment create --role 'Container Registry Reader' --assignee-object-id o --scope /s --condition-version 2.0 --condition '@Request[a] StringEquals '\\''b'\\'''", 'a role with a condition is quoted for the shell'],
  [{ kind: 'extend-scope-map', action: 'repositories/team/app/content/read' }, { registry: 'r', scopeMap: 'm' },
    'acrux acr scope-map update -n m -r r --add-repository team/app content/read', 'a repository with a slash'],
  [{ kind: 'enable-public-network', address: '10.0.0.1' }, { registry: 'r' },
    'acrux acr update -n r --public-network-enabled true, and az acr network-rule add -n r --ip-address 10.0.0.1', 'two commands'],
  [{ kind: 'assign-role', roleName: 'X' }, { registry: 'r', who: 'ada', asked: { action: 'push', repository: 'team/app' } },
    'acrux acr grant ada push team/app -n r', 'a permission on a repository'],
  [{ kind: 'assign-role', roleName: 'AcrPush' }, { registry: 'r', who: 'ada', asked: { action: 'push', repository: 'team/app' }, isForRegistry: true },
    "acrux acr grant ada push '*' -n r", 'a role for the whole registry'],
  [{ kind: 'extend-scope-map', action: 'repositories/team/app/metadata/read' }, { registry: 'r', who: 'token:ci', asked: { action: 'metadata_read', repository: 'team/app' }, isForRegistry: true },
    'acrux acr grant token:ci pull team/app -n r', 'a scoped token, for which the mode of the registry does not matter'],
  [{ kind: 'assign-role', roleName: 'Reader', scope: '/s' }, { registry: 'r', who: 'ada', objectId: 'o', asked: { action: 'catalog', repository: null } },
    'acrux role assignment create --role Reader --assignee-object-id o --scope /s', 'an action that is not granted by repository'],
  [{ kind: 'assign-role', roleName: 'Reader' }, { objectId: 'o' }, 'assign Reader at the scope of the request', 'no command without a scope'],
  [{ kind: 'get-new-token', access: 'repository:a:pull' }, {}, 'request a new token with the access scope repository:a:pull', 'no command'],
  [{ kind: 'of-a-newer-server' }, {}, 'of-a-newer-server', 'an unknown kind is shown as it is'],
]

test('a change is the command that makes it, or a sentence if there is none', () => {
  for (const [change, names, text, why] of cases) assert.equal(changeText(change, names), text, why)
})
