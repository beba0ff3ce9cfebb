import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseKnownCondition } from './role-condition-names.ts'

const repositories = 'Microsoft.ContainerRegistry/registries/repositories'

test('a condition with known attributes and actions is parsed', () => {
  const known = [
    `@Request[${repositories}:name] StringEquals 'a'`,
    `@resource[${repositories.toUpperCase()}:NAME] StringLike 'a*'`,
    `!(ActionMatches{'${repositories}/content/write'}) OR @Request[${repositories}:name] StringEquals 'content/red'`,
    `ActionMatches{'${repositories}/*/read'}`,
    "ActionMatches{'Microsoft.Authorization/roleAssignments/write'}",
    "@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEquals 'User'",
  ]
  for (const condition of known) assert.ok('condition' in parseKnownCondition(condition), condition)
})

test('an unknown attribute or action is a problem, at the position of the last part of its name', () => {
  const unknown = [
    [`@Request[${repositories}:`, "nam] StringEquals 'a'", /no attribute @Request\[.*:nam\]/],
    [`@Principal[a:`, "b] StringEquals 'a'", /no attribute @Principal\[a:b\]/],
    [`@Environment[`, 'isPrivateLink] BoolEquals true', /no attribute @Environment/],
    [`!(ActionMatches{'${repositories}/content/`, "wirte'})", /no action .*content\/wirte/],
    [`ActionMatches{'`, "nothing'}", /no action nothing/],
    [`ActionMatches {'${repositories}/conten/`, "*'}", /no action/],
  ] as const
  for (const [before, rest, problem] of unknown) {
    const reading = parseKnownCondition(before + rest)
    assert.ok('problem' in reading, before + rest)
    assert.match(reading.problem, problem)
    assert.equal(reading.position, before.length + 1, before + rest)
  }
})
