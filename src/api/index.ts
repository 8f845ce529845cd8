export { API_BASE, type Api, createApi } from './api.ts';
export { ADMIN_PREFIX, createAdminToken } from './auth/admin.ts';
export { createKeyService, type KeyService } from './keys/service.ts';
export type { SnapshotFile } from './keys/snapshot.ts';
export type { ApiServices } from './services.ts';
