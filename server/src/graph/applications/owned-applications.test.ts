import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openGraph } from '../../../testing/graph/test-graph.ts'

const roleDefinitions = {
  owner: '62e90394-69f5-4237-9190-012177145e10',
  reader: '88d8e3e3-8f55-4a1e-953a-9b9898b8876b',
}

for (const role of ['owner', 'reader'] as const) {
  test(`the owner of an application cannot create credentials for it while it has the directory role ${role} and the owner has not`, async (t) => {
    const { as, asOwner, makeProgram } = await openGraph(t)
    const makerId = (await makeProgram('maker', 'owner')).servicePrincipal.objectId
    const asMaker = as(makerId)
    const application = await asMaker('POST', '/applications', { displayName: 'automation' })
    const principal = await asMaker('POST', '/servicePrincipals', { appId: application.body['appId'] })
    const assignments = '/roleManagement/directory/roleAssignments'
    const given = { principalId: principal.body['id'], roleDefinitionId: roleDefinitions[role], directoryScopeId: '/' }
    assert.equal((await asOwner('POST', assignments, given)).status, 201)
    assert.equal((await asOwner('DELETE', `${assignments}/owner-${makerId}`)).status, 204)

    const paths = {
      application: `/applications/${String(application.body['id'])}`,
      principal: `/servicePrincipals/${String(principal.body['id'])}`,
    }
    const trust = {
      name: 'mine',
      issuer: 'https://mine.example',
      subject: 'me',
      audiences: ['api://AzureADTokenExchange'],
    }
    for (const [method, path, body] of [
      ['POST', `${paths.application}/addPassword`, {}],
      ['POST', `${paths.principal}/addPassword`, {}],
      ['POST', `${paths.application}/federatedIdentityCredentials`, trust],
      ['PATCH', paths.application, { keyCredentials: [] }],
      ['PATCH', paths.principal, { keyCredentials: [] }],
    ] as const) {
      assert.equal((await asMaker(method, path, body)).status, 403, `${method} ${path}`)
    }
    assert.equal((await asMaker('GET', paths.application)).status, 200, 'the owner still sees it')

    const assignment = `${role}-${String(principal.body['id'])}`
    assert.equal((await asOwner('DELETE', `${assignments}/${assignment}`)).status, 204)
    assert.equal(
      (await asMaker('POST', `${paths.application}/addPassword`, {})).status,
      200,
      'without the role, the owner can',
    )
  })
}
