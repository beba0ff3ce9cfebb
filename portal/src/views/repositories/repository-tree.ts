/** A folder of repository names, or the end of a name. */
export type PathNode = {
  /** The part of the path. */
  readonly name: string
  /** The path from the beginning. */
  readonly path: string
  readonly isRepository: boolean
  readonly children: readonly PathNode[]
  /** How many repositories are below and at it. */
  readonly count: number
}

type Building = { readonly children: Map<string, Building>; isRepository: boolean }

/** Arranges repository names by the parts of their paths. The names are in their order in the result. */
export function treeOf(names: readonly string[]): readonly PathNode[] {
  const root: Building = { children: new Map(), isRepository: false }
  for (const name of names) {
    let node = root
    for (const part of name.split('/')) {
      const next = node.children.get(part) ?? { children: new Map(), isRepository: false }
      node.children.set(part, next)
      node = next
    }
    node.isRepository = true
  }
  return finish(root, '')
}

function finish({ children }: Building, prefix: string): readonly PathNode[] {
  return [...children].map(([name, node]) => {
    const path = prefix === '' ? name : `${prefix}/${name}`
    const below = finish(node, path)
    const count = below.reduce((sum, child) => sum + child.count, node.isRepository ? 1 : 0)
    return { name, path, isRepository: node.isRepository, children: below, count }
  })
}
