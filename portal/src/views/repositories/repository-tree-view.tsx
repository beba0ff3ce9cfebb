import { Text, Tree, TreeItem, TreeItemLayout, makeStyles, tokens } from '@fluentui/react-components'
import { useNavigate } from '@tanstack/react-router'
import type { MouseEvent } from 'react'
import { imagesTexts } from '../../components/texts/images.ts'
import { texts } from '../../components/texts/texts.ts'
import { type PathNode, treeOf } from './repository-tree.ts'

const useStyles = makeStyles({
  leaf: { color: tokens.colorBrandForegroundLink, textDecorationLine: 'none', overflowWrap: 'anywhere' },
})

/** How many items of one folder are shown. */
const maxShown = 200

type RepositoryTreeProps = { readonly registry: string; readonly names: readonly string[] }

/** The repositories as a tree of their paths. */
export function RepositoryTree({ registry, names }: RepositoryTreeProps) {
  return (
    <Tree aria-label={texts.repositories}>
      <Nodes registry={registry} nodes={treeOf(names)} />
    </Tree>
  )
}

type NodesProps = { readonly registry: string; readonly nodes: readonly PathNode[] }

function Nodes({ registry, nodes }: NodesProps) {
  return (
    <>
      {nodes
        .slice(0, maxShown)
        .flatMap((node) => [
          ...(node.isRepository ? [<Leaf key={`${node.path} leaf`} registry={registry} node={node} />] : []),
          ...(node.children.length > 0 ? [<Folder key={node.path} registry={registry} node={node} />] : []),
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

type NodeProps = { readonly registry: string; readonly node: PathNode }

function Folder({ registry, node }: NodeProps) {
  return (
    <TreeItem itemType="branch" value={node.path}>
      <TreeItemLayout>
        {node.name}/ ({node.count - (node.isRepository ? 1 : 0)})
      </TreeItemLayout>
      <Tree>
        <Nodes registry={registry} nodes={node.children} />
      </Tree>
    </TreeItem>
  )
}

function Leaf({ registry, node }: NodeProps) {
  const styles = useStyles()
  const navigate = useNavigate()
  const open = (event: MouseEvent) => {
    event.preventDefault()
    void navigate({ to: '/registries/$registry/repositories/$repository', params: { registry, repository: node.path } })
  }
  return (
    <TreeItem itemType="leaf" value={`${node.path} leaf`} onClick={open}>
      <TreeItemLayout>
        <span className={styles.leaf}>{node.name}</span>
      </TreeItemLayout>
    </TreeItem>
  )
}
