import { parseGuid } from '../azure/guid.ts'
import {
  type ConditionComparison,
  type ConditionFamily,
  type ConditionOperand,
  type ConditionOperator,
  type ConditionQuantifier,
  type ConditionValue,
  type RoleCondition,
  conditionOperators,
  conditionQuantifiers,
  foldCase,
} from './role-condition.ts'
import { type ConditionToken, RoleConditionError, readConditionTokens } from './role-condition-tokens.ts'

/** The maximum length of a condition, in UTF-16 code units. */
const maxLength = 8192
/** The maximum nesting of brackets and negations. */
const maxDepth = 64
/** The maximum work of a comparison between literals: the product of the lengths of both sides. */
const maxWork = 1 << 18

/** A condition, or the error in its text and its position, counted from 1. */
export type RoleConditionReading =
  { readonly condition: RoleCondition } | { readonly problem: string; readonly position: number }

/**
 * Parses a condition: `NOT` binds tighter than `AND`, which binds tighter than `OR`. Operators, keywords and attributes
 * are matched in any case. At most 8,192 characters and 64 levels. [acr-protocol §9.2]
 */
export function parseRoleCondition(text: string): RoleConditionReading {
  if (text.length > maxLength) {
    return { problem: `a condition has at most ${maxLength} characters`, position: maxLength + 1 }
  }
  try {
    const reader = new ConditionReader(readConditionTokens(text))
    return { condition: reader.read() }
  } catch (error) {
    if (!(error instanceof RoleConditionError)) throw error
    return { problem: error.message, position: error.at + 1 }
  }
}

type Literal = { readonly token: ConditionToken; readonly value: ConditionValue }
type Side = { readonly at: number; readonly operand: ConditionToken | readonly Literal[] }

class ConditionReader {
  readonly #tokens: readonly ConditionToken[]
  #next = 0
  #depth = 0

  constructor(tokens: readonly ConditionToken[]) {
    this.#tokens = tokens
  }

  read(): RoleCondition {
    const condition = this.#or()
    if (this.#token().kind !== 'end') throw this.#unexpected('AND, OR or the end')
    return condition
  }

  #or(): RoleCondition {
    return this.#joined('or', 'or', '||', () => this.#and())
  }

  #and(): RoleCondition {
    return this.#joined('and', 'and', '&&', () => this.#unary())
  }

  #joined(kind: 'and' | 'or', word: string, sign: string, term: () => RoleCondition): RoleCondition {
    const first = term()
    const terms = [first]
    while (this.#takeWord(word) || this.#takeSymbol(sign)) terms.push(term())
    return terms.length === 1 ? first : { kind, terms }
  }

  #unary(): RoleCondition {
    const { at } = this.#token()
    if (this.#depth >= maxDepth) throw new RoleConditionError(`the condition has more than ${maxDepth} levels`, at)
    this.#depth += 1
    try {
      if (this.#takeSymbol('!') || this.#takeWord('not')) return { kind: 'not', term: this.#unary() }
      if (this.#takeSymbol('(')) {
        const inner = this.#or()
        this.#require(')')
        return inner
      }
      return this.#test()
    } finally {
      this.#depth -= 1
    }
  }

  #test(): RoleCondition {
    if (this.#takeWord('actionmatches')) return { kind: 'action-matches', pattern: this.#pattern() }
    if (this.#takeWord('suboperationmatches')) return { kind: 'sub-operation-matches', pattern: this.#pattern() }
    if (this.#takeWord('exists')) {
      const token = this.#token()
      if (token.kind !== 'attribute') throw this.#unexpected('an attribute')
      this.#next += 1
      return { kind: 'exists', attribute: token.attribute }
    }
    return this.#comparison()
  }

  #pattern(): string {
    this.#require('{')
    const token = this.#token()
    if (token.kind !== 'string') throw this.#unexpected("a text in '…'")
    if (token.text === '') throw new RoleConditionError('a pattern must not be empty', token.at)
    this.#next += 1
    this.#require('}')
    return token.text
  }

  #comparison(): ConditionComparison {
    const left = this.#side('a test, an attribute or a value')
    const quantifier = this.#quantifier()
    const operator = this.#operator()
    const right = this.#side('an attribute or a value')
    if (quantifier === undefined) for (const side of [left, right]) requireSingle(side)
    if (lengthOf(left) * lengthOf(right) > maxWork) {
      throw new RoleConditionError('the two sides are too long for a comparison', left.at)
    }
    return {
      kind: 'comparison',
      operator,
      quantifier,
      left: toOperand(left, operator),
      right: toOperand(right, operator),
    }
  }

  #quantifier(): ConditionQuantifier | undefined {
    const token = this.#token()
    const quantifier = token.kind === 'word' ? conditionQuantifiers.get(token.text.toLowerCase()) : undefined
    if (quantifier === undefined) return undefined
    this.#next += 1
    this.#require(':')
    return quantifier
  }

  #operator(): ConditionOperator {
    const token = this.#token()
    if (token.kind !== 'word') throw this.#unexpected('an operator such as StringEquals')
    const operator = conditionOperators.get(token.text.toLowerCase())
    if (operator === undefined) throw new RoleConditionError(`there is no operator ${token.text}`, token.at)
    this.#next += 1
    return operator
  }

  #side(wanted: string): Side {
    const token = this.#token()
    if (token.kind === 'attribute') {
      this.#next += 1
      return { at: token.at, operand: token }
    }
    if (!this.#takeSymbol('{')) return { at: token.at, operand: [this.#literal(wanted)] }
    const literals = [this.#literal('a value')]
    while (this.#takeSymbol(',')) literals.push(this.#literal('a value'))
    this.#require('}')
    return { at: token.at, operand: literals }
  }

  #literal(wanted: string): Literal {
    const token = this.#token()
    const value = literalValue(token)
    if (value === undefined) throw this.#unexpected(wanted)
    this.#next += 1
    return { token, value }
  }

  #token(): ConditionToken {
    const token = this.#tokens[this.#next]
    if (token === undefined) throw new Error('the parser read past the end of the condition')
    return token
  }

  #takeWord(word: string): boolean {
    const token = this.#token()
    if (token.kind !== 'word' || token.text.toLowerCase() !== word) return false
    this.#next += 1
    return true
  }

  #takeSymbol(text: string): boolean {
    const token = this.#token()
    if (token.kind !== 'symbol' || token.text !== text) return false
    this.#next += 1
    return true
  }

  #require(text: string): void {
    if (!this.#takeSymbol(text)) throw this.#unexpected(`'${text}'`)
  }

  #unexpected(wanted: string): RoleConditionError {
    return new RoleConditionError(`${wanted} is expected`, this.#token().at)
  }
}

function literalValue(token: ConditionToken): ConditionValue | undefined {
  switch (token.kind) {
    case 'string':
    case 'guid':
      return token.text
    case 'integer':
      return token.value
    case 'word': {
      const text = token.text.toLowerCase()
      return text === 'true' || text === 'false' ? text === 'true' : undefined
    }
    case 'symbol':
    case 'attribute':
    case 'end':
      return undefined
  }
}

function isList(operand: Side['operand']): operand is readonly Literal[] {
  return Array.isArray(operand)
}

function countOf({ operand }: Side): number {
  return isList(operand) ? operand.length : 1
}

/** Attributes are short, and are not counted. */
function lengthOf({ operand }: Side): number {
  return isList(operand) ? operand.reduce((sum, { value }) => sum + 1 + String(value).length, 0) : 0
}

function requireSingle(side: Side): void {
  if (countOf(side) === 1) return
  throw new RoleConditionError('a list requires a quantifier, such as ForAnyOfAnyValues:StringEquals', side.at)
}

function toOperand({ operand }: Side, operator: ConditionOperator): ConditionOperand {
  if (!isList(operand)) {
    if (operand.kind !== 'attribute') throw new Error('a side of a comparison is neither an attribute nor a list')
    return { kind: 'attribute', attribute: operand.attribute }
  }
  return { kind: 'values', values: operand.map((literal) => comparable(literal, operator)) }
}

const wants: Readonly<Record<ConditionFamily, string>> = {
  string: "a text in '…'",
  numeric: 'a whole number',
  bool: 'true or false',
  datetime: "a time such as '2026-11-24T12:00:00.0Z'",
  guid: 'a GUID',
}

/** A literal in the operator's form. */
function comparable({ token, value }: Literal, operator: ConditionOperator): ConditionValue {
  const result = toComparable(value, token.kind, operator)
  if (result === undefined) {
    throw new RoleConditionError(`${operator.name} compares ${wants[operator.family]}`, token.at)
  }
  return result
}

function toComparable(
  value: ConditionValue,
  kind: ConditionToken['kind'],
  { family, ignoresCase }: ConditionOperator,
): ConditionValue | undefined {
  switch (family) {
    case 'string':
      if (kind !== 'string') return undefined
      return ignoresCase ? foldCase(String(value)) : value
    case 'numeric':
      return kind === 'integer' ? value : undefined
    case 'bool':
      return kind === 'word' ? value : undefined
    case 'datetime':
      return kind === 'string' ? comparableTime(String(value)) : undefined
    case 'guid':
      return kind === 'guid' || kind === 'string' ? parseGuid(String(value)) : undefined
  }
}

/** A time as a text that sorts by time, with seven fractional digits. [Azure RBAC, DateTime operators] */
export function comparableTime(text: string): string | undefined {
  const found = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,7}))?Z$/.exec(text)
  if (found === null) return undefined
  const [, seconds = '', fraction = ''] = found
  const atMs = Date.parse(`${seconds}Z`)
  // A day that does not exist in the month would become a day of the next month.
  if (Number.isNaN(atMs) || new Date(atMs).toISOString().slice(0, 19) !== seconds) return undefined
  return `${seconds}.${fraction.padEnd(7, '0')}`
}
