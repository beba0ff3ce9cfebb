import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import * as fc from 'fast-check'
import { evaluateRoleCondition } from './role-condition-evaluation.ts'
import { parseRoleCondition } from './role-condition-parser.ts'
import {
  type ConditionTree,
  asksForNameAlone,
  conditionText,
  conditionTrees,
  testDataActions,
  testRepositories,
} from '../../../../test/oracle/role-conditions.ts'

/** The same condition in Cedar, which knows neither a wildcard for one character nor an attribute that may be unknown. */
function toCedar(tree: ConditionTree): string {
  switch (tree.kind) {
    case 'and':
    case 'or':
      return `(${tree.terms.map(toCedar).join(tree.kind === 'and' ? ' && ' : ' || ')})`
    case 'not':
      return `!(${toCedar(tree.term)})`
    case 'action':
      return `(context.action like "${tree.pattern.toLowerCase()}")`
    case 'suboperation':
      return 'false'
    case 'exists':
      return '(context has name)'
    case 'compare':
      return comparisonToCedar(tree)
  }
}

function comparisonToCedar(tree: ConditionTree & { readonly kind: 'compare' }): string {
  const { source, lefts, test, negated, ignoresCase, quantifier = 'ForAnyOfAnyValues', rights } = tree
  const fold = (text: string) => (ignoresCase ? text.toLowerCase() : text)
  const left =
    source === undefined ? lefts.map((one) => `"${fold(one)}"`) : [`context.${ignoresCase ? 'folded' : 'name'}`]
  const pairOf = (one: string) => (other: string) => {
    const text = fold(other)
    const patterns = {
      Equals: `${one} == "${text}"`,
      StartsWith: `${one} like "${text}*"`,
      Like: `${one} like "${text.replaceAll(String.raw`\?`, '?')}"`,
    }
    return `${negated ? '!' : ''}(${patterns[test]})`
  }
  const join = (terms: readonly string[], all: boolean) => `(${terms.join(all ? ' && ' : ' || ')})`
  const [leftAll, rightAll] = [quantifier.includes('ForAll'), quantifier.includes('OfAll')]
  return join(
    left.map((one) => join(rights.map(pairOf(one)), rightAll)),
    leftAll,
  )
}

function isExpressible(tree: ConditionTree): boolean {
  return asksForNameAlone(tree) && !/(?<!\\)\?/.test(conditionText(tree))
}

function cedarAllows(policy: string, action: string, repository: string): boolean {
  const answer = isAuthorized({
    principal: { type: 'User', id: 'alice' },
    action: { type: 'Action', id: 'do' },
    resource: { type: 'Registry', id: 'contoso' },
    context: { action: action.toLowerCase(), name: repository, folded: repository.toLowerCase() },
    policies: { staticPolicies: policy },
    entities: [],
  })
  assert.ok(answer.type === 'success', JSON.stringify(answer))
  assert.deepEqual(answer.response.diagnostics.errors, [], policy)
  return answer.response.decision === 'allow'
}

test('a condition allows what the same policy allows in Cedar', () => {
  const seen = { allowed: 0, denied: 0 }
  fc.assert(
    fc.property(
      conditionTrees.filter(isExpressible),
      fc.nat(2),
      fc.constantFrom(...testDataActions),
      fc.constantFrom(...testRepositories),
      (tree, style, action, repository) => {
        const text = conditionText(tree, style)
        const reading = parseRoleCondition(text)
        assert.ok('condition' in reading, text)
        const allowed = evaluateRoleCondition(reading.condition, { action, repository })
        seen[allowed === true ? 'allowed' : 'denied'] += 1
        const policy = `permit (principal, action, resource) when { ${toCedar(tree)} };`
        assert.equal(allowed, cedarAllows(policy, action, repository), `${text}\n${policy}`)
      },
    ),
    { numRuns: 1500 },
  )
  assert.ok(seen.allowed > 200 && seen.denied > 200, JSON.stringify(seen))
})
