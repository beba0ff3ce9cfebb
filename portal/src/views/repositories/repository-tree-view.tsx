import { Text, Tree, TreeItem, TreeItemLayout, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import type { MouseEvent } from 'react'
import { useAddressedRegistry } from '../../components/registries/addressed-registry.ts'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { type PathNode, treeOf } from './repository-tree.ts'

const useStyles = makeStyles({
  leaf: { color: tokens.colorBrandForegroundLink, textDecorationLine: 'none', overflowWrap: 'anywhere' },
})

/** How many items of one folder are shown. */
const maxShown = 200

type RepositoryTreeProps = { readonly names: readonly string[] }

/** The repositories as a tree of their paths. */
export function RepositoryTree({ names }: RepositoryTreeProps) {
  return (
    <Tree aria-label={texts.repositories}>
      <Nodes nodes={treeOf(names)} />
    </Tree>
  )
}

type NodesProps = { readonly nodes: readonly PathNode[] }

function Nodes({ nodes }: NodesProps) {
  return (
    <>
      {nodes
        .slice(0, maxShown)
        .flatMap((node) => [
          ...(node.isRepository ? [<Leaf key={`${node.path} leaf`} node={node} />] : []),
          ...(node.children.length > 0 ? [<Folder key={node.path} node={node} />] : []),
        ])}
      {nodes.length > maxShown && (
        <TreeItem itemType="leaf">
          <TreeItemLayout>
            <Text>{imagesTexts.shown(maxShown, nodes.length, true)}</Text>
          </TreeItemLayout>
        </TreeItem>
      )}
    </>
  )
}

type NodeProps = { readonly node: PathNode }

function Folder({ node }: NodeProps) {
  return (
    <TreeItem itemType="branch" value={node.path}>
      <TreeItemLayout>
        {node.name}/ ({node.count - (node.isRepository ? 1 : 0)})
      </TreeItemLayout>
      <Tree>
        <Nodes nodes={node.children} />
      </Tree>
    </TreeItem>
  )
}

function Leaf({ node }: NodeProps) {
  const { name } = useAddressedRegistry()
  const styles = useStyles()
  const navigate = useNavigate()
  const open = (event: MouseEvent) => {
    event.preventDefault()
    void navigate({ to: '/r/$registry/repositories/$repository', params: { registry: name, repository: node.path } })
  }
  return (
    <TreeItem itemType="leaf" value={`${node.path} leaf`} onClick={open}>
      <TreeItemLayout>
        <span className={styles.leaf}>{node.name}</span>
      </TreeItemLayout>
    </TreeItem>
  )
}
