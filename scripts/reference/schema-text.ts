import { code, linkTo, table } from './markdown.ts'

/** The part of a JSON schema that is rendered. */
export type Schema = {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly format?: string
  readonly pattern?: string
  readonly const?: unknown
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly additionalProperties?: boolean | Schema
  readonly items?: boolean | Schema
  readonly not?: unknown
  readonly anyOf?: readonly Schema[]
  readonly oneOf?: readonly Schema[]
  readonly allOf?: readonly Schema[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
  readonly minItems?: number
  readonly maxItems?: number
}

type Row = readonly [field: string, type: string, required: string, description: string]

/** The section of a named schema: a table of its fields, with nested fields as `parent.child`. */
export function schemaSection(name: string, schema: Schema): string {
  const about = schema.description === undefined ? [] : [`${schema.description}\n`]
  const variants = variantsOf(schema)
  if (variants.length === 0) return [`### ${name}\n`, ...about, fieldsOf(schema)].join('\n')
  const links = variants.filter(isReference).map(typeText)
  const inline = variants.filter((variant) => !isReference(variant))
  const texts = [
    ...(links.length === 0 ? [] : [`One of: ${links.join(', ')}.\n`]),
    ...inline.map((variant) => `${variantTitle(variant)}\n\n${fieldsOf(variant)}`),
  ]
  return [`### ${name}\n`, ...about, ...texts].join('\n')
}

function isReference({ $ref }: Schema): boolean {
  return $ref !== undefined
}

function variantsOf({ anyOf, oneOf }: Schema): readonly Schema[] {
  return oneOf ?? anyOf ?? []
}

/** Names a variant by its constant fields. */
function variantTitle({ properties = {} }: Schema): string {
  const constants = Object.entries(properties).filter(([, { const: value }]) => value !== undefined)
  const names = constants.slice(0, 1).map(([name, { const: value }]) => `${code(name)} ${code(String(value))}`)
  return names.length === 0 ? 'One of:' : `With ${names.join(', ')}:`
}

function fieldsOf(schema: Schema): string {
  const rows = rowsOf(schema, '')
  if (rows.length > 0) return table(['field', 'type', 'required', 'description'], rows)
  return `${schema.properties === undefined ? typeText(schema) : 'No fields.'}\n`
}

function rowsOf({ properties = {}, required = [] }: Schema, prefix: string): Row[] {
  return Object.entries(properties).flatMap(([name, property]): Row[] => {
    const field = `${prefix}${name}`
    const notes = [property.description ?? '', defaultText(property)].filter((note) => note !== '').join(' ')
    const row: Row = [code(field), typeText(property), required.includes(name) ? 'yes' : '', notes]
    const { schema, suffix } = nestedIn(property)
    return schema === undefined ? [row] : [row, ...rowsOf(schema, `${field}${suffix}.`)]
  })
}

function defaultText({ default: value }: Schema): string {
  return value === undefined ? '' : `Default: ${code(JSON.stringify(value))}.`
}

/** The object with fields of its own in a property, in an array or beside null. */
function nestedIn(property: Schema): { readonly schema?: Schema; readonly suffix: string } {
  const present = withoutNull(property)
  if (present.properties !== undefined) return { schema: present, suffix: '' }
  if (typeof present.items === 'object') {
    const inner = nestedIn(present.items)
    return { ...inner, suffix: `[]${inner.suffix}` }
  }
  if (typeof present.additionalProperties === 'object') {
    const inner = nestedIn(present.additionalProperties)
    return { ...inner, suffix: `.*${inner.suffix}` }
  }
  return { suffix: '' }
}

/** The only variant beside null. */
function withoutNull(schema: Schema): Schema {
  const variants = variantsOf(schema).filter(({ type }) => type !== 'null')
  return variants.length === 1 && variants[0] !== undefined ? withoutNull(variants[0]) : schema
}

/** The type of a value in a few words. */
export function typeText(schema: Schema): string {
  const { $ref, allOf, enum: values, const: constant } = schema
  if ($ref !== undefined) return linkTo($ref.split('/').at(-1) ?? '')
  if (allOf?.[0] !== undefined) return typeText(allOf[0])
  if (constant !== undefined) return code(JSON.stringify(constant))
  const variants = variantsOf(schema)
  if (variants.length > 0) return [...new Set(variants.flatMap(flatten).map(typeText))].join(' or ')
  if (values !== undefined) return values.map((value) => code(JSON.stringify(value))).join(' or ')
  return [schema.type ?? 'any']
    .flat()
    .map((type) => plainType(schema, type))
    .join(' or ')
}

function flatten(schema: Schema): readonly Schema[] {
  const variants = variantsOf(schema)
  return variants.length === 0 ? [schema] : variants.flatMap(flatten)
}

function plainType(schema: Schema, type: string): string {
  switch (type) {
    case 'array':
      return arrayText(schema)
    case 'object':
      return typeof schema.additionalProperties === 'object' && schema.properties === undefined
        ? `map of ${typeText(schema.additionalProperties)}`
        : 'object'
    case 'string':
      return `string${limits(stringLimits(schema))}`
    case 'integer':
    case 'number':
      return `${type}${limits(rangeText(schema.minimum, boundOf(schema.maximum), ''))}`
    default:
      return type
  }
}

function arrayText({ items, minItems, maxItems }: Schema): string {
  if (maxItems === 0) return 'array, always empty'
  const item = typeof items === 'object' ? typeText(items) : 'any'
  return `array of ${item}${limits(rangeText(minItems, maxItems, ' items'))}`
}

function stringLimits({ format, minLength, maxLength, pattern }: Schema): string {
  const isShort = pattern !== undefined && pattern.length <= 40 && format === undefined
  const length = rangeText(minLength, maxLength, ' characters')
  return [format ?? '', length, isShort ? code(pattern) : ''].filter((text) => text !== '').join(', ')
}

function limits(text: string): string {
  return text === '' ? '' : ` (${text})`
}

/** Integers without a limit of their own have the limit of JavaScript. */
function boundOf(maximum: number | undefined): number | undefined {
  return maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum
}

function rangeText(least: number | undefined, most: number | undefined, unit: string): string {
  const from = least === undefined || least <= Number.MIN_SAFE_INTEGER ? undefined : least
  if (from === undefined) return most === undefined ? '' : `at most ${most}${unit}`
  if (most === undefined) return `at least ${from}${unit}`
  return from === most ? `${from}${unit}` : `${from} to ${most}${unit}`
}
