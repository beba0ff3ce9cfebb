import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isAuthorized } from '@cedar-policy/cedar-wasm/nodejs'
import * as fc from 'fast-check'
import { evaluateRoleCondition } from './role-condition-evaluation.ts'
import { parseRoleCondition } from './role-condition-parser.ts'
import { conditionText } from '../../../../test/oracle/condition-text.ts'
import { conditionTrees, testDataActions, testRepositories } from '../../../../test/oracle/condition-trees.ts'
import {
  type Comparison,
  type ConditionTree,
  type Literal,
  asksForNameAlone,
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

function comparisonToCedar({ left, right, test, negated, ignoresCase, quantifier }: Comparison): string {
  const fold = (text: Literal) => (ignoresCase ? String(text).toLowerCase() : String(text))
  const lefts =
    'values' in left ? left.values.map((one) => `"${fold(one)}"`) : [`context.${ignoresCase ? 'folded' : 'name'}`]
  const rights = 'values' in right ? right.values.map(fold) : []
  const pairOf = (one: string) => (text: string) => {
    const patterns: Partial<Record<Comparison['test'], string>> = {
      Equals: `${one} == "${text}"`,
      StartsWith: `${one} like "${text}*"`,
      Like: `${one} like "${text.replaceAll(String.raw`\?`, '?')}"`,
    }
    return `${negated ? '!' : ''}(${patterns[test]})`
  }
  const join = (terms: readonly string[], all: boolean) => `(${terms.join(all ? ' && ' : ' || ')})`
  const [leftAll, rightAll] = [quantifier?.includes('ForAll') === true, quantifier?.includes('OfAll') === true]
  return join(
    lefts.map((one) => join(rights.map(pairOf(one)), rightAll)),
    leftAll,
  )
}

function isExpressible(tree: ConditionTree): boolean {
  return asksForNameAlone(tree) && comparisonsIn(tree).every(isPlain)
}

function comparisonsIn(tree: ConditionTree): Comparison[] {
  if (tree.kind === 'and' || tree.kind === 'or') return tree.terms.flatMap(comparisonsIn)
  if (tree.kind === 'not') return comparisonsIn(tree.term)
  return tree.kind === 'compare' ? [tree] : []
}

/** Whether a text of Cedar can have the same characters, without a wildcard that Cedar does not have. */
function isPlain({ left, right, family, test }: Comparison): boolean {
  if (family !== 'String' || !('values' in right)) return false
  const plain = test === 'Like' ? /^(?:[\w/*-]|\\[*?])*$/ : /^[\w/-]*$/
  return [...('values' in left ? left.values : []), ...right.values].every((value) => plain.test(String(value)))
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
