import * as fc from 'fast-check'
import {
  type AttributeKey,
  type Comparison,
  type ConditionRequest,
  type ConditionTree,
  type Family,
  type Literal,
  type Side,
  attributes,
  quantifiers,
} from './role-conditions.ts'

/* Random conditions of every form, and random requests: few and similar values, so that conditions are often met. */

const registries = 'Microsoft.ContainerRegistry/registries'
const assignmentActions = ['write', 'delete'].map((verb) => `Microsoft.Authorization/roleAssignments/${verb}`)

/** The data actions of a registry. */
export const testDataActions = [
  `${registries}/repositories/content/read`,
  `${registries}/repositories/content/write`,
  `${registries}/repositories/content/delete`,
  `${registries}/repositories/metadata/read`,
  `${registries}/repositories/metadata/write`,
  `${registries}/repositories/metadata/delete`,
  `${registries}/catalog/read`,
] as const

/** The repositories of the requests. */
export const testRepositories = [
  'a',
  'ab',
  'b',
  'team/app',
  'team/api',
  'team',
  'team-infra/app',
  'hello-world',
] as const

const guids = [
  '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  'b24988ac-6180-42a0-ab88-20f7382dd24c',
  '00000000-0000-0000-0000-000000000000',
] as const
const types = ['User', 'Group', 'ServicePrincipal'] as const

const names = fc.constantFrom<string>(
  ...testRepositories,
  'team/',
  'TEAM/app',
  'Hello-World',
  'A',
  'te',
  '',
  'app',
  'User',
  'group',
  'ServicePrincipal',
)
/** Texts with what means something outside quotation marks. */
const oddTexts = fc.constantFrom(
  'a b',
  ' a',
  'a AND b',
  ') OR (',
  '{a}',
  "a', 'b".replaceAll("'", '"'),
  '"',
  String.raw`a\b`,
  '\\',
  '$key$',
  'ü',
  '@Request[a]',
  '!a',
  'a||b',
  'a:b',
  'true',
  '1',
  guids[0],
  '2022-06-01T00:00:00Z',
  'NOT',
  '.',
  'team.app',
  '日',
)
const texts = fc.oneof({ weight: 12, arbitrary: names }, { weight: 1, arbitrary: oddTexts })
const patterns = fc.oneof(
  texts,
  fc.constantFrom(
    '*',
    'team/*',
    'Team/*',
    '*app',
    'te?m/ap?',
    '?',
    '*-*',
    'team*/app',
    '*a*',
    '**',
    '*?*',
    '??',
    'team/ap?*',
    'team.*',
    'U*',
    '*G*',
    '[a-b]',
    'a|b',
  ),
  fc.constantFrom('team/\\*', 'a\\?', '\\**', 'a\\\\*', '*\\?', '?\\*', 'a\\b'),
)
/** What a pattern may match although no repository is called so: a star, a question mark and a backslash. */
const likeTexts = fc.oneof(
  { weight: 1, arbitrary: texts },
  { weight: 2, arbitrary: fc.constantFrom('a?', 'a*', 'ab', 'team/*', '*a', '*', '?', String.raw`a\b`, 'a\\') },
)
const numbers = fc.constantFrom(-20, -1, 0, 1, 5, 10, 15, 18, 20, Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER)
const times = fc.constantFrom(
  '2022-06-01T00:00:00Z',
  '2022-06-01T00:00:00.0Z',
  '2022-06-01T00:00:00.0000001Z',
  '2022-06-01T00:00:00.1Z',
  '2022-06-01T00:00:00.0999999Z',
  '2022-05-31T23:59:59.9999999Z',
  '2024-02-29T12:00:00.50Z',
  '1969-12-31T23:59:59.5Z',
)
const guidTexts = fc.constantFrom(...guids, guids[0].toUpperCase(), guids[1].toUpperCase())

const literals: Readonly<Record<Family, fc.Arbitrary<Literal>>> = {
  String: texts,
  Numeric: numbers,
  Bool: fc.boolean(),
  DateTime: times,
  Guid: guidTexts,
}

const equalities = ['Equals'] as const
const orders = ['Equals', 'LessThan', 'LessThanEquals', 'GreaterThan', 'GreaterThanEquals'] as const
const tests: Readonly<Record<Family, readonly Comparison['test'][]>> = {
  String: ['Equals', 'StartsWith', 'Like'],
  Numeric: orders,
  Bool: equalities,
  DateTime: orders,
  Guid: equalities,
}

const anyAttribute = fc.constantFrom(...(Object.keys(attributes) as AttributeKey[]))
/** The attributes that have a value of the type for some request. */
const fitting: Readonly<Record<Family, fc.Arbitrary<AttributeKey>>> = {
  String: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom<AttributeKey>('name', 'name of resource') },
    { weight: 1, arbitrary: fc.constantFrom<AttributeKey>('type of request', 'type of resource') },
  ),
  Numeric: anyAttribute,
  Bool: fc.constantFrom<AttributeKey>('private link'),
  DateTime: fc.constantFrom<AttributeKey>('time'),
  Guid: fc.constantFrom<AttributeKey>(
    'role of request',
    'role of resource',
    'principal of request',
    'principal of resource',
  ),
}

/** How often a side is an attribute that fits, any attribute, or literals. */
type Weights = readonly [fitting: number, any: number, literals: number]

function side(family: Family, values: fc.Arbitrary<Literal>, [own, any, given]: Weights): fc.Arbitrary<Side> {
  return fc.oneof(
    { weight: own, arbitrary: fitting[family].map((attribute) => ({ attribute })) },
    { weight: any, arbitrary: anyAttribute.map((attribute) => ({ attribute })) },
    { weight: given, arbitrary: fc.array(values, { minLength: 1, maxLength: 3 }).map((list) => ({ values: list })) },
  )
}

function comparisonOf(family: Family, test: Comparison['test']): fc.Arbitrary<Comparison> {
  // Attributes of numbers, truth values and times are never known, so literals are compared more often.
  const isKnown = family === 'String' || family === 'Guid'
  const left: Weights = isKnown ? [12, 1, test === 'Like' ? 6 : 3] : [1, 1, 8]
  const mayNegate = ['Equals', 'StartsWith', 'Like'].includes(test)
  return fc
    .record({
      left: side(family, test === 'Like' ? likeTexts : literals[family], left),
      right: side(family, test === 'Like' ? patterns : literals[family], [1, 1, 24]),
      negated: mayNegate ? fc.boolean() : fc.constant(false),
      ignoresCase: family === 'String' ? fc.boolean() : fc.constant(false),
      quantifier: fc.option(fc.constantFrom(...quantifiers), { nil: undefined }),
    })
    .map(({ left: one, right: other, ...rest }): Comparison => {
      // Without a quantifier, each side is one value.
      const few = (given: Side): Side =>
        rest.quantifier === undefined && 'values' in given ? { values: given.values.slice(0, 1) } : given
      return { kind: 'compare', family, test, ...rest, left: few(one), right: few(other) }
    })
}

function comparisonsOf(family: Family): fc.Arbitrary<Comparison> {
  return fc.oneof(...tests[family].map((test) => comparisonOf(family, test)))
}

const actionPatterns = fc.constantFrom(
  ...testDataActions,
  ...assignmentActions,
  `${registries}/*/READ`,
  `${registries}/repositories/*`,
  '*',
  '*/content/*',
  '**/write',
  '*/content/rea?',
  `${registries}/catalog/read*ad`,
  `${registries}/*content*/read`,
  'Microsoft.Authorization/*',
  'microsoft.authorization/roleassignments/WRITE',
  'Microsoft-ContainerRegistry/*',
)

const leaf: fc.Arbitrary<ConditionTree> = fc.oneof(
  { weight: 14, arbitrary: comparisonsOf('String') },
  { weight: 2, arbitrary: comparisonsOf('Guid') },
  { weight: 1, arbitrary: comparisonsOf('Numeric') },
  { weight: 1, arbitrary: comparisonsOf('DateTime') },
  { weight: 1, arbitrary: comparisonsOf('Bool') },
  { weight: 7, arbitrary: actionPatterns.map((pattern): ConditionTree => ({ kind: 'action', pattern })) },
  {
    weight: 2,
    arbitrary: fc
      .constantFrom('Blob.List', '*', 'Blob.Write.WithTagHeaders')
      .map((pattern): ConditionTree => ({ kind: 'suboperation', pattern })),
  },
  {
    weight: 2,
    arbitrary: fc
      .oneof(fc.constantFrom<AttributeKey>('name', 'name of resource'), anyAttribute)
      .map((attribute): ConditionTree => ({ kind: 'exists', attribute })),
  },
)

/** Conditions of every form. */
export const conditionTrees: fc.Arbitrary<ConditionTree> = fc.letrec<{ tree: ConditionTree }>((tie) => ({
  tree: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    leaf,
    fc.record({
      kind: fc.constantFrom('and' as const, 'or' as const),
      terms: fc.array(tie('tree'), { minLength: 2, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant('not' as const), term: tie('tree') }),
  ),
})).tree

/** Requests for the data of a registry, and for changes of role assignments. */
export const conditionRequests: fc.Arbitrary<ConditionRequest> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      action: fc.constantFrom(...testDataActions),
      repository: fc.oneof(
        { weight: 24, arbitrary: fc.constantFrom(...testRepositories) },
        // No repository is called so, but `acrux acr can` may ask for it.
        { weight: 1, arbitrary: fc.constantFrom('TEAM/app', 'Hello-World', 'a b') },
        { weight: 2, arbitrary: fc.constant(undefined) },
      ),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      action: fc.constantFrom(...assignmentActions),
      repository: fc.constant(undefined),
      assignment: fc.record({
        roleDefinitionName: fc.constantFrom(...guids),
        principalId: fc.constantFrom(...guids),
        principalType: fc.constantFrom(...types),
      }),
    }),
  },
)
