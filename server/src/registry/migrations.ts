import { type CreateTableBuilder, sql } from 'kysely'
import type { ColumnTypes, Migration } from '../platform/sql/migrations.ts'
import { usageMigration } from './quotas/usage-migration.ts'

/** The tables of the registry. */
export const registryMigrations: readonly Migration[] = [
  {
    id: 'registry-0001-repositories',
    up: async (schema, types) => {
      const repository = schema
        .createTable('repository')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('updated_at_ms', types.integer, (column) => column.notNull())
        .addColumn('published_at_ms', types.integer)
        .addColumn('manifest_count', types.integer, (column) => column.notNull())
        .addColumn('tag_count', types.integer, (column) => column.notNull())
        .addColumn('predecessor_deleted_at_ms', types.integer)
        .addUniqueConstraint('repository_by_name', ['rid', 'name'])
      await withLocks(repository, types).execute()
      await schema
        .createIndex('repository_by_publication')
        .on('repository')
        .columns(['published_at_ms', 'created_at_ms'])
        .execute()
      await schema
        .createTable('repository_tombstone')
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('repository_tombstone_key', ['rid', 'name'])
        .execute()
      await schema
        .createTable('deleted_registry')
        .addColumn('rid', types.text, (column) => column.primaryKey())
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .execute()
    },
  },
  {
    id: 'registry-0002-manifests',
    up: async (schema, types) => {
      const manifest = schema
        .createTable('manifest')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('digest', types.text, (column) => column.notNull())
        .addColumn('media_type', types.text, (column) => column.notNull())
        .addColumn('size_bytes', types.integer, (column) => column.notNull())
        .addColumn('image_size_bytes', types.integer, (column) => column.notNull())
        .addColumn('config_media_type', types.text)
        .addColumn('architecture', types.text)
        .addColumn('os', types.text)
        .addColumn('artifact_type', types.text)
        .addColumn('subject_digest', types.text)
        .addColumn('annotations', types.text)
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('updated_at_ms', types.integer, (column) => column.notNull())
      await withLocks(manifest, types)
        .addColumn('content', types.bytes, (column) => column.notNull())
        .addPrimaryKeyConstraint('manifest_key', ['repository_id', 'digest'])
        .execute()
      await schema
        .createIndex('manifest_by_subject')
        .on('manifest')
        .columns(['repository_id', 'subject_digest', 'digest'])
        .execute()
      await schema
        .createIndex('manifest_by_time')
        .on('manifest')
        .columns(['repository_id', 'updated_at_ms', 'digest'])
        .execute()
      await schema
        .createTable('manifest_reference')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('manifest_digest', types.text, (column) => column.notNull())
        .addColumn('kind', types.text, (column) => column.notNull())
        .addColumn('digest', types.text, (column) => column.notNull())
        .addPrimaryKeyConstraint('manifest_reference_key', ['repository_id', 'manifest_digest', 'kind', 'digest'])
        .execute()
      await schema
        .createIndex('manifest_reference_by_target')
        .on('manifest_reference')
        .columns(['repository_id', 'digest', 'kind'])
        .execute()
      const tag = schema
        .createTable('tag')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('manifest_digest', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('updated_at_ms', types.integer, (column) => column.notNull())
      await withLocks(tag, types).addPrimaryKeyConstraint('tag_key', ['repository_id', 'name']).execute()
      await schema
        .createIndex('tag_by_manifest')
        .on('tag')
        .columns(['repository_id', 'manifest_digest', 'name'])
        .execute()
      await schema.createIndex('tag_by_time').on('tag').columns(['repository_id', 'updated_at_ms', 'name']).execute()
    },
  },
  {
    id: 'registry-0003-blobs',
    up: async (schema, types) => {
      await schema
        .createTable('blob')
        .addColumn('digest', types.text, (column) => column.primaryKey())
        .addColumn('location', types.text, (column) => column.notNull())
        .addColumn('size_bytes', types.integer, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('repository_blob')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('digest', types.text, (column) => column.notNull())
        .addColumn('linked_at_ms', types.integer, (column) => column.notNull())
        .addColumn('lease_until_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('repository_blob_key', ['repository_id', 'digest'])
        .execute()
      await schema
        .createIndex('repository_blob_by_digest')
        .on('repository_blob')
        .columns(['digest', 'repository_id'])
        .execute()
      await schema
        .createIndex('repository_blob_by_lease')
        .on('repository_blob')
        .columns(['lease_until_ms', 'repository_id', 'digest'])
        .execute()
      await schema
        .createTable('upload')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('caller_key', types.text, (column) => column.notNull())
        .addColumn('started_at_ms', types.integer, (column) => column.notNull())
        .addColumn('expires_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema.createIndex('upload_by_expiry').on('upload').column('expires_at_ms').execute()
      await schema.createIndex('upload_by_repository').on('upload').column('repository_id').execute()
      await schema.createIndex('upload_by_caller').on('upload').columns(['rid', 'caller_key']).execute()
    },
  },
  {
    id: 'registry-0004-deletion',
    up: async (schema, types) => {
      await schema.alterTable('manifest').addColumn('untagged_at_ms', types.integer).execute()
      await schema.alterTable('manifest').addColumn('deleted_at_ms', types.integer).execute()
      await schema.createIndex('manifest_by_deletion').on('manifest').column('deleted_at_ms').execute()
      await schema
        .createTable('deleted_tag')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('name', types.text, (column) => column.notNull())
        .addColumn('manifest_digest', types.text, (column) => column.notNull())
        .addColumn('created_at_ms', types.integer, (column) => column.notNull())
        .addColumn('updated_at_ms', types.integer, (column) => column.notNull())
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('deleted_tag_key', ['repository_id', 'name', 'manifest_digest'])
        .execute()
      await schema.createIndex('deleted_tag_by_deletion').on('deleted_tag').column('deleted_at_ms').execute()
    },
  },
  {
    id: 'registry-integrity-quarantine',
    up: async (schema, types) => {
      await schema.alterTable('blob').addColumn('verified_at_ms', types.integer).execute()
      await schema.alterTable('blob').addColumn('quarantined_at_ms', types.integer).execute()
      await schema.alterTable('manifest').addColumn('quarantined_at_ms', types.integer).execute()
    },
  },
  {
    id: 'registry-deletion-in-pieces',
    up: async (schema, types) => {
      await schema
        .createTable('deleted_repository')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('rid', types.text, (column) => column.notNull())
        .addColumn('kept_as', types.text)
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .createTable('deleted_manifest')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('digest', types.text, (column) => column.notNull())
        .addColumn('kept_in', types.text)
        .addColumn('deleted_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('deleted_manifest_key', ['repository_id', 'digest'])
        .execute()
      const isLocked = sql<boolean>`delete_enabled = 0 or write_enabled = 0`
      await schema
        .createIndex('tag_locked')
        .on('tag')
        .columns(['repository_id', 'manifest_digest'])
        .where(isLocked)
        .execute()
      await schema.createIndex('manifest_locked').on('manifest').column('repository_id').where(isLocked).execute()
      await schema
        .createIndex('manifest_by_purge')
        .on('manifest')
        .columns(['repository_id', 'deleted_at_ms', 'digest'])
        .where(sql<boolean>`deleted_at_ms is not null`)
        .execute()
      await schema
        .createIndex('deleted_tag_by_purge')
        .on('deleted_tag')
        .columns(['repository_id', 'deleted_at_ms', 'name', 'manifest_digest'])
        .execute()
      await schema.dropIndex('manifest_by_deletion').execute()
      await schema.dropIndex('deleted_tag_by_deletion').execute()
    },
  },
  {
    id: 'registry-deletions-counted',
    up: async (schema, types, transaction) => {
      await schema
        .createTable('repository_deletions')
        .addColumn('id', types.integer, (column) => column.primaryKey())
        .addColumn('count', types.integer, (column) => column.notNull())
        .execute()
      await schema
        .alterTable('repository_tombstone')
        .addColumn('deletion', types.integer, (column) => column.notNull().defaultTo(1))
        .execute()
      await schema.alterTable('repository').addColumn('predecessor_deletion', types.integer).execute()
      // What was deleted before deletions were counted was deleted by the first of them.
      await sql`insert into repository_deletions (id, count) values (1, 1)`.execute(transaction.tables())
      await sql`update repository set predecessor_deletion = 1 where predecessor_deleted_at_ms is not null`.execute(
        transaction.tables(),
      )
      await schema.alterTable('repository').dropColumn('predecessor_deleted_at_ms').execute()
    },
  },
  {
    id: 'registry-last-pulls',
    up: async (schema, types) => {
      await schema
        .createTable('last_pull')
        .addColumn('repository_id', types.text, (column) => column.notNull())
        .addColumn('reference', types.text, (column) => column.notNull())
        .addColumn('pulled_at_ms', types.integer, (column) => column.notNull())
        .addPrimaryKeyConstraint('last_pull_key', ['repository_id', 'reference'])
        .execute()
    },
  },
  {
    id: 'registry-integrity-scrub',
    up: async (schema, types) => {
      for (const table of ['blob', 'manifest'] as const) {
        await schema
          .createIndex(`${table}_in_quarantine`)
          .on(table)
          .column('quarantined_at_ms')
          .where('quarantined_at_ms', 'is not', null)
          .execute()
      }
      await schema
        .createTable('scrub')
        .addColumn('id', types.text, (column) => column.primaryKey())
        .addColumn('started_at_ms', types.integer)
        .addColumn('step', types.text, (column) => column.notNull())
        .addColumn('place', types.text, (column) => column.notNull())
        .addColumn('finding_count', types.integer, (column) => column.notNull())
        .addColumn('completed_at_ms', types.integer)
        .addColumn('completed_finding_count', types.integer, (column) => column.notNull())
        .execute()
    },
  },
  usageMigration,
]

function withLocks<Name extends string, Columns extends string>(
  table: CreateTableBuilder<Name, Columns>,
  types: ColumnTypes,
): CreateTableBuilder<Name, Columns> {
  return table
    .addColumn('delete_enabled', types.integer, (column) => column.notNull())
    .addColumn('write_enabled', types.integer, (column) => column.notNull())
    .addColumn('list_enabled', types.integer, (column) => column.notNull())
    .addColumn('read_enabled', types.integer, (column) => column.notNull()) as CreateTableBuilder<Name, Columns>
}
