import {
  type AttributeKey,
  type Comparison,
  type ConditionTree,
  type Family,
  type Literal,
  type Side,
  attributes,
} from './role-conditions.ts'

/**
 * The text of a condition. Brackets that precedence makes needless are usually left out: AND is evaluated before OR, and
 * NOT before both. `style` is the seed of the choices among spellings; 0 has the spelling of Azure's page.
 */
export function conditionText(tree: ConditionTree, style = 0): string {
  return new Writer(style).condition(tree, 0)
}

const bindings = { or: 1, and: 2, not: 3 } as const

class Writer {
  #state: number

  constructor(style: number) {
    this.#state = style
  }

  condition(tree: ConditionTree, binding: number): string {
    const text = this.#bare(tree)
    const isNeeded = (tree.kind === 'or' || tree.kind === 'and') && bindings[tree.kind] < binding
    return isNeeded || this.#pick(false, false, false, false, false, true)
      ? `(${this.#blank()}${text}${this.#blank()})`
      : text
  }

  #bare(tree: ConditionTree): string {
    switch (tree.kind) {
      case 'and':
      case 'or': {
        const binding = bindings[tree.kind] + 1
        const [word, sign] = tree.kind === 'or' ? ['OR', '||'] : ['AND', '&&']
        const [first = '', ...others] = tree.terms.map((term) => this.condition(term, binding))
        return others.reduce((text, term) => text + this.#joint(word, sign) + term, first)
      }
      case 'not':
        return this.#pick('NOT ', '!', '! ', 'not\n', 'Not\t') + this.condition(tree.term, bindings.not)
      case 'action':
        return this.#call('ActionMatches', tree.pattern)
      case 'suboperation':
        return this.#call('SubOperationMatches', tree.pattern)
      case 'exists':
        return `${this.#cased('Exists')} ${this.#attribute(tree.attribute)}`
      case 'compare':
        return this.#comparison(tree)
    }
  }

  #joint(word: string, sign: string): string {
    return this.#pick(` ${word} `, sign, ` ${sign} `, `\r\n${word.toLowerCase()}\t`, `\n  ${word}\n`)
  }

  #call(name: string, pattern: string): string {
    return this.#cased(name) + this.#pick(`{'${pattern}'}`, ` {'${pattern}'}`, `{ '${pattern}'\n}`)
  }

  #comparison({ left, right, family, test, negated, ignoresCase, quantifier }: Comparison): string {
    const name = `${family}${negated ? 'Not' : ''}${test}${ignoresCase ? 'IgnoreCase' : ''}`
    const operator = this.#cased(quantifier === undefined ? name : `${quantifier}:${name}`)
    return `${this.#side(left, family)} ${operator}${this.#pick(' ', '\n', '  ')}${this.#side(right, family)}`
  }

  #side(side: Side, family: Family): string {
    if ('values' in side) {
      const written = side.values.map((value) => this.#literal(value, family))
      const isBare = written.length === 1 && this.#pick(true, true, false)
      return isBare
        ? written.join('')
        : `{${this.#blank()}${written.join(this.#pick(', ', ',', ' ,\n'))}${this.#blank()}}`
    }
    return this.#attribute(side.attribute)
  }

  #attribute(attribute: AttributeKey): string {
    const [source, name] = attributes[attribute]
    return `@${this.#cased(source)}[${this.#cased(name)}]`
  }

  #literal(value: Literal, family: Family): string {
    if (typeof value === 'boolean') return this.#cased(String(value))
    if (typeof value === 'number') return String(value)
    return family === 'Guid' ? this.#pick(value, `'${value}'`) : `'${value}'`
  }

  /** Names in any case. */
  #cased(name: string): string {
    return this.#pick(name, name, name.toLowerCase(), name.toUpperCase())
  }

  #blank(): string {
    return this.#pick('', '', ' ', '\n\t')
  }

  #pick<Spelling>(...spellings: readonly [Spelling, ...Spelling[]]): Spelling {
    const [first] = spellings
    if (this.#state === 0) return first
    // [Numerical Recipes, ranqd1]; the low bits repeat too soon.
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0
    return spellings[(this.#state >>> 8) % spellings.length] ?? first
  }
}
