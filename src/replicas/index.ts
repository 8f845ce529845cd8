export { type Board, type BoardOptions, createBoard } from './board.ts';
