import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ruleOf, systems, textToPaste } from './job-systems.ts'

test('a rule names ids, and a quote in a branch does not end its text', () => {
  const rule = ruleOf('github', { repositoryId: '1', branch: "a' or '1" }, 'contoso.example')
  assert.equal(
    rule.claimsMatchingExpression?.value,
    "claims['repository_id'] eq '1' and claims['ref'] eq 'refs/heads/a'' or ''1'",
  )
  assert.deepEqual(rule.audiences, ['contoso.example'])
})

test('the text to paste has the registry and the application, and no branch can add a line to it', () => {
  for (const system of systems) {
    const values = { branch: 'a"\nevil: true', namespace: 'n\nevil: true', serviceAccount: 's\nevil: true' }
    const text = textToPaste({ system, values, loginServer: 'contoso.example', clientId: 'client' })
    assert.match(text, /contoso\.example/, system)
    assert.match(text, /client/, system)
    assert.doesNotMatch(text, /^evil/m, system)
  }
})
