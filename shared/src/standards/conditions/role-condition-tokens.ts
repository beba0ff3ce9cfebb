import type { ConditionAttribute } from './role-condition.ts'

/** A token of a condition. `at` is its position, counted from 0. */
export type ConditionToken = { readonly at: number; readonly end: number } & (
  | { readonly kind: 'word' | 'string' | 'guid'; readonly text: string }
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'symbol'; readonly text: '(' | ')' | '{' | '}' | ',' | ':' | '!' | '&&' | '||' }
  | { readonly kind: 'attribute'; readonly attribute: ConditionAttribute }
  | { readonly kind: 'end' }
)

/** An error in the text of a condition, and its position, counted from 0. */
export class RoleConditionError extends Error {
  override readonly name = 'RoleConditionError'
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

const sources = ['Request', 'Resource', 'Principal', 'Environment'] as const

const blank = /[ \t\r\n]+/y
const string = /'([^'\p{Cc}]*)'/uy
const attribute = /@([A-Za-z]+)[ \t\r\n]*\[([^[\]'\p{Cc}]{1,512})\]/uy
const guid = /[0-9A-Fa-f]{8}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}-[0-9A-Fa-f]{12}(?![0-9A-Za-z-])/y
const integer = /-?[0-9]{1,16}(?![0-9A-Za-z.])/y
const word = /[A-Za-z][A-Za-z0-9]{0,63}(?![A-Za-z0-9])/y
const symbol = /&&|\|\||[(){},:!]/y

/** The tokens of a condition and its end, in linear time. @throws RoleConditionError at the first invalid token */
export function readConditionTokens(text: string): ConditionToken[] {
  const tokens: ConditionToken[] = []
  let at = 0
  while (at < text.length) {
    const skipped = match(blank, text, at)
    if (skipped !== undefined) {
      at += skipped[0].length
      continue
    }
    const token = readToken(text, at)
    tokens.push(token)
    at = token.end
  }
  tokens.push({ kind: 'end', at, end: at })
  return tokens
}

function readToken(text: string, at: number): ConditionToken {
  const begin = text[at]
  if (begin === "'") return readString(text, at)
  if (begin === '@') return readAttribute(text, at)
  const guidText = match(guid, text, at)?.[0]
  if (guidText !== undefined) return { kind: 'guid', text: guidText, at, end: at + guidText.length }
  const digits = match(integer, text, at)?.[0]
  if (digits !== undefined) {
    const value = Number(digits)
    if (!Number.isSafeInteger(value)) throw new RoleConditionError('the number is too large', at)
    return { kind: 'integer', value, at, end: at + digits.length }
  }
  const letters = match(word, text, at)?.[0]
  if (letters !== undefined) return { kind: 'word', text: letters, at, end: at + letters.length }
  const sign = match(symbol, text, at)?.[0]
  if (sign === undefined) throw new RoleConditionError(`${shown(begin)} is not valid here`, at)
  return { kind: 'symbol', text: sign as (ConditionToken & { kind: 'symbol' })['text'], at, end: at + sign.length }
}

function readString(text: string, at: number): ConditionToken {
  const found = match(string, text, at)
  if (found === undefined)
    throw new RoleConditionError("the text that starts here has no closing ', or contains a control character", at)
  return { kind: 'string', text: found[1] ?? '', at, end: at + found[0].length }
}

function readAttribute(text: string, at: number): ConditionToken {
  const found = match(attribute, text, at)
  const source = sources.find((one) => one.toLowerCase() === found?.[1]?.toLowerCase())
  if (found === undefined || source === undefined) {
    const forms = sources.map((one) => `@${one}`).join(', ')
    throw new RoleConditionError(`an attribute is one of ${forms}, with the attribute's name in brackets`, at)
  }
  return { kind: 'attribute', attribute: { source, name: found[2] ?? '' }, at, end: at + found[0].length }
}

function match(pattern: RegExp, text: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at
  return pattern.exec(text) ?? undefined
}

function shown(character: string | undefined): string {
  return character !== undefined && /[\x21-\x7e]/.test(character) ? `'${character}'` : 'this character'
}
