/**
 * What messages of agents have in common, as a zstd dictionary in raw form: bodies are short and compressed one by one,
 * so that without it each would have to spell out its own JSON keys, tool-call frames and everyday English.
 *
 * It halves bodies of 200 bytes and takes a fifth off those of 1 kB. What is most frequent stands last, where
 * references to it are shortest. Never edit it: stored bodies can only be read with these very bytes. A better one gets
 * a pack number of its own in `pack.ts`.
 */
const WORDS =
  "because however therefore although another between during before after again against through different important information following available possible currently already together something everything someone request response result results error message customer account order payment invoice ticket status update description summary question answer example number string value values details document section company product service support system process project project_id database language function return import export const class public private static async await error_code exception traceback failed success successfully completed please thank you very much could would should there their they them then than that this these those with without within about above below where which while when what who how why your yours have has had been being were was will can cannot may might must shall more most much many other others some such only also just like make made need needs find found first second third last next new old good best better show shows see use used using user users time times day days week month year years today tomorrow yesterday people work works way well want right here into from over under back down out off on in at by for of to is are it its be or and the a an I I'll I'm we you he she " +
  'Let me check that for you. I will look into it. Here is what I found: Based on the information provided, the following ' +
  '\\n\\n## \\n\\n### \\n\\n1. **\\n2. **\\n3. **\\n- **\\n- `\\n```json\\n{\\n  \\"```\\n\\n```python\\n```typescript\\n```bash\\n' +
  '\\"id\\": \\"\\", \\"name\\": \\"\\", \\"title\\": \\"\\", \\"url\\": \\"https://www.\\", \\"date\\": \\"2026-01-01T00:00:00Z\\", \\"type\\": \\"\\", \\"description\\": \\"\\", \\"content\\": \\"\\", \\"path\\": \\"/src/\\", \\"score\\": 0.\\", \\"total\\": , \\"items\\": [{\\"results\\": [{\\"error\\": null, \\"status\\": \\"ok\\", \\"created_at\\": \\"\\", \\"updated_at\\": \\"true, false, null}], ' +
  '{\\"query\\":\\"{\\"path\\":\\"{\\"url\\":\\"{\\"command\\":\\"{\\"id\\":\\"{\\"city\\":\\"\\",\\"limit\\":10,\\"unit\\":\\"celsius\\"}' +
  '{"type":"object","properties":{"query":{"type":"string","description":"The "},"enum":["additionalProperties":false,"required":["strict":true}}}';
const FRAMES =
  '{"model":"gpt-5","temperature":0.7,"top_p":1,"max_tokens":1024,"max_completion_tokens":4096,"stream":true,"stream_options":{"include_usage":true},"tool_choice":"auto","parallel_tool_calls":true,"response_format":{"type":"json_object"},"reasoning_effort":"medium","stop_sequences":[],"metadata":{"user_id":"","user":""}' +
  '{"type":"function","function":{"name":"get_","description":"","parameters":{"type":"object","properties":{"name":"search","input_schema":{"type":"object",' +
  '{"type":"image_url","image_url":{"url":"data:image/png;base64,{"type":"image","source":{"type":"base64","media_type":"image/jpeg","data":"' +
  '{"role":"developer","content":"{"role":"system","content":"You are a helpful assistant. ' +
  '{"role":"assistant","content":[{"type":"thinking","thinking":"","signature":""},{"type":"text","text":""},{"type":"tool_use","id":"toolu_01","name":"","input":{"' +
  '{"role":"user","content":[{"type":"tool_result","tool_use_id":"toolu_01","content":[{"type":"text","text":"","is_error":false,"cache_control":{"type":"ephemeral"}}]}' +
  '{"role":"user","content":[{"type":"text","text":"{"role":"assistant","content":null,"tool_calls":[{"id":"call_","type":"function","function":{"name":"search","arguments":"{\\"' +
  '\\"}"}}],"refusal":null,"annotations":[]}{"role":"tool","tool_call_id":"call_","content":"{\\"{"role":"assistant","content":"{"role":"user","content":"';

export const dictionary: Uint8Array = Buffer.from(WORDS + FRAMES);
