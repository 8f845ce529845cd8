/**
 * What differs from Postgres' defaults. All of it goes on the command line: it then wins over anything edited
 * into the cluster's own files, is the same after an upgrade, and `ps` shows it.
 *
 * `fsync` and `synchronous_commit` stay on. The scribe deletes a spool segment once its commit has returned;
 * with `synchronous_commit=off` a commit returns up to 0.6 s before it is on disk, and a power cut in between
 * would lose exchanges that no longer exist anywhere else. A batch of thousands shares one flush, so the
 * price is small.
 */
export const baseSettings: Readonly<Record<string, string>> = {
  // Memory. The page cache of the system does most of the caching; idle processes are what costs.
  shared_buffers: '32MB',
  max_connections: '40',
  io_method: 'sync', // the default keeps three processes for reads that a small machine does itself
  wal_buffers: '4MB',
  max_logical_replication_workers: '0',
  max_parallel_workers: '0', // a page of the console must not take both cores from the gateway
  max_worker_processes: '4',
  autovacuum_max_workers: '2',
  jit: 'off', // compiling costs more than any query over rollups saves

  // Write-ahead log: no replica reads it, so it is as small and as rarely checkpointed as bulk loading likes.
  wal_level: 'minimal',
  max_wal_senders: '0',
  max_wal_size: '512MB',
  min_wal_size: '64MB',
  checkpoint_timeout: '10min',

  // The log reaches Midwatch through a pipe. ERROR and WARNING are left out, since the client gets them anyway
  // and they quote values: a prompt with a secret in it must not reach a log through a failed cast.
  log_destination: 'stderr',
  logging_collector: 'off',
  log_min_messages: 'log',
  log_min_error_statement: 'panic',
  log_checkpoints: 'off',
  log_line_prefix: '',
  lc_messages: 'C', // `diagnose` reads these lines

  // Everybody who may connect is a local process that knows the password.
  listen_addresses: '127.0.0.1',
  unix_socket_directories: '',
  timezone: 'UTC',
  log_timezone: 'UTC',
  cluster_name: 'midwatch', // shown by ps
};

/** `-c name=value` for each setting; the later of two with the same name wins. */
export function settingArguments(...layers: readonly Readonly<Record<string, string>>[]): string[] {
  return Object.entries(Object.assign({}, ...layers)).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}
