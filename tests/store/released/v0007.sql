BEGIN TRANSACTION;
CREATE TABLE actual (
	run VARCHAR NOT NULL, 
	calls INTEGER NOT NULL, 
	reused INTEGER NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	micro_usd BIGINT, 
	seconds FLOAT NOT NULL, 
	peak_memory_bytes BIGINT, asked INTEGER, prompt VARCHAR, planned_input_tokens BIGINT, planned_output_tokens BIGINT, first_input_tokens BIGINT, model_seconds FLOAT, formula_seconds FLOAT, processor_seconds FLOAT, machine TEXT, 
	CONSTRAINT pk_actual PRIMARY KEY (run), 
	CONSTRAINT fk_actual_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "actual" VALUES('merge-20261130-145932-ed5b',0,0,0,0,0,3.02743785000075149582e-01,143294464,0,'',0,0,0,0.0,NULL,0.0,'desk: CPU, 1 thread');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0007');
CREATE TABLE batch (
	id VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	provider_id VARCHAR NOT NULL, 
	n_requests INTEGER NOT NULL, 
	outcome TEXT NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	submitted VARCHAR(27), 
	closed VARCHAR(27), 
	CONSTRAINT pk_batch PRIMARY KEY (id), 
	CONSTRAINT fk_batch_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE batch_request (
	batch VARCHAR NOT NULL, 
	request VARCHAR NOT NULL, 
	taken BOOLEAN NOT NULL, 
	CONSTRAINT pk_batch_request PRIMARY KEY (batch, request), 
	CONSTRAINT fk_batch_request_batch_batch FOREIGN KEY(batch) REFERENCES batch (id) ON DELETE CASCADE
);
CREATE TABLE charge (
	run VARCHAR NOT NULL, 
	request VARCHAR NOT NULL, 
	attempt INTEGER NOT NULL, 
	reserved_micro_usd BIGINT NOT NULL, 
	settled_micro_usd BIGINT, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_charge PRIMARY KEY (run, request, attempt), 
	CONSTRAINT fk_charge_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE "conflict" (
	run VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	attribute TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_conflict PRIMARY KEY (run, position), 
	CONSTRAINT fk_conflict_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "conflict" VALUES('merge-20261130-145932-ed5b',0,'number','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”');
CREATE TABLE conflict_side (
	run VARCHAR NOT NULL, 
	"conflict" INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_conflict_side PRIMARY KEY (run, "conflict", position), 
	CONSTRAINT fk_conflict_side_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "conflict_side" VALUES('merge-20261130-145932-ed5b',0,0,'08f5369dd2073709','14 days');
INSERT INTO "conflict_side" VALUES('merge-20261130-145932-ed5b',0,1,'c3df813a520f0a3d','28 days');
CREATE TABLE corpus (
	sha256 VARCHAR NOT NULL, 
	n_documents INTEGER NOT NULL, 
	n_stories INTEGER NOT NULL, 
	n_words BIGINT NOT NULL, 
	n_chars BIGINT NOT NULL, 
	residue_chars BIGINT NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_corpus PRIMARY KEY (sha256)
);
INSERT INTO "corpus" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',1,9,164,728,35,'2026-11-30T14:59:32.727648Z');
CREATE TABLE corpus_document (
	corpus VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	document VARCHAR NOT NULL, 
	path TEXT NOT NULL, 
	paths TEXT NOT NULL, 
	problem TEXT, 
	n_stories INTEGER NOT NULL, 
	residue TEXT NOT NULL, 
	residue_chars BIGINT NOT NULL, 
	CONSTRAINT pk_corpus_document PRIMARY KEY (corpus, position), 
	CONSTRAINT fk_corpus_document_corpus_corpus FOREIGN KEY(corpus) REFERENCES corpus (sha256) ON DELETE CASCADE, 
	CONSTRAINT fk_corpus_document_document_document FOREIGN KEY(document) REFERENCES document ("key")
);
INSERT INTO "corpus_document" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',0,'ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','desk.md','["desk.md"]',NULL,9,'[[0,10],[78,81],[144,147],[219,222],[294,297],[367,370],[452,455],[537,540],[632,635],[727,728]]',35);
CREATE TABLE corpus_story (
	corpus VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	story VARCHAR NOT NULL, 
	document_position INTEGER NOT NULL, 
	CONSTRAINT pk_corpus_story PRIMARY KEY (corpus, position), 
	CONSTRAINT fk_corpus_story_corpus_corpus FOREIGN KEY(corpus) REFERENCES corpus (sha256) ON DELETE CASCADE, 
	CONSTRAINT fk_corpus_story_story_story FOREIGN KEY(story) REFERENCES story ("key"), 
	CONSTRAINT uq_corpus_story_corpus_id UNIQUE (corpus, id)
);
INSERT INTO "corpus_story" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',0,'7b63d0904da0598f','3078cdf16846bb13f2063ab9b5a2a9daf88a216f086bbee685053fa8721787e9',0);
INSERT INTO "corpus_story" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',1,'50f03ddd3fbb3ddb','38f5f40d8f9fdcaf972d57d854d7a31b4cbdaae2a0851dd7c734d93fcafe166e',0);
INSERT INTO "corpus_story" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',2,'08f5369dd2073709','9da4a35d3171404433cd9c572424e2aa7c98cbd923d808828adb8a86f7dc1bc7',0);
INSERT INTO "corpus_story" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',3,'c3df813a520f0a3d','e60055b1f0baf7492b8daaf62da1286dc3dada2a2e890a5389cca77e1225a82a',0);
INSERT INTO "corpus_story" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',4,'585f5b377a3d16b7','7ae7e1cc2de62ce25e25da388dc3b3f064507987239b12c61831e1d29af13307',0);
INSERT INTO "corpus_story" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',5,'19e84f1baac7e603','19638431fe922f91225cc5542fb0c987e827b7e51e08988cf040df770549a90b',0);
INSERT INTO "corpus_story" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',6,'c69b5a5d19ea0547','f959e5d75d731e5d99a7dc7fed68b984e1c864b2b7ee0ddf0328ae71324133ef',0);
INSERT INTO "corpus_story" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',7,'27452bc2346acc0a','7b8870b5a6e6d4fcfbd04105638c32c4f5b4f03304f2688c7b94436541f73ce5',0);
INSERT INTO "corpus_story" VALUES('dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0',8,'a251f68a272c4f8a','6a8202287e0dc8fb48140021615fab15548f4fccbe1897a85366899282109ba5',0);
CREATE TABLE decision (
	id VARCHAR NOT NULL, 
	fingerprints TEXT NOT NULL, 
	relation VARCHAR NOT NULL, 
	keep VARCHAR NOT NULL, 
	note TEXT NOT NULL, 
	text TEXT NOT NULL, 
	attribute TEXT NOT NULL, 
	"values" TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	run VARCHAR NOT NULL, 
	CONSTRAINT pk_decision PRIMARY KEY (id)
);
INSERT INTO "decision" VALUES('c0bbdf0f53d92b19a9559a9dbea9e7ebc6e2fccb3f173a8e7a96ca299ddfc4c4','["a55bc2ffb25d15c8e395da5402b01834fd26aea64a2f38e7f897a2db33b8575d","df621bfa580ba504fea2c9d37391f1d894eab7427a24e64bf3ff353cb07281f8"]','conflict','','the board decides in May','null','number','["14 days","28 days"]','ann','2026-11-30T14:59:47.317106Z','merge-20261130-145932-ed5b');
INSERT INTO "decision" VALUES('4566ad8c76fe54d1406cdaeb20c3aca7c6bd692c0f06afe508f3fc467fa5a4aa','["7df01edc7ccc8ea60e8acfe3c5ff515ebbfbea5669d769db24d1a9386209fc81","a040850f8df332c6f49a17e5b590393f0baa43528d2433ebb57b05f34841451b"]','same','a040850f8df332c6f49a17e5b590393f0baa43528d2433ebb57b05f34841451b','','null','','[]','ann','2026-11-30T14:59:47.321265Z','merge-20261130-145932-ed5b');
INSERT INTO "decision" VALUES('b9ede8aeba118ef5023e0b8a1705eaa3dd7a0fb4d2477ca0ea96db03770a6c34','["582dae9cf336c7bb12f90affdccfa471f3d5fa18e5995bae183036f7469454e5","6ce03b88e7f13d100222dcdea4af944e0a3d6fafec2d65e32b681661b04df175"]','same','6ce03b88e7f13d100222dcdea4af944e0a3d6fafec2d65e32b681661b04df175','','null','','[]','ann','2026-11-30T14:59:47.322830Z','merge-20261130-145932-ed5b');
INSERT INTO "decision" VALUES('646cd53a8c4b2bbb45b2e3d25d9d201f9a20b87ae9d3b8c5894c507035036f47','["1732f8df7c6cbe4ac09ce100ac80a9e39838c7b9a8ba3079f077165fdf5d34fa","bec1d0c213dfe3d864b055427e9a4d38cc701e9d29f163ab74a02ae702077def"]','distinct','','','null','','[]','ann','2026-11-30T14:59:47.324092Z','merge-20261130-145932-ed5b');
INSERT INTO "decision" VALUES('4ce8424bcbaf9f5b697713ed6a517fefb76c92e2aa951c863161e399f5159bd6','["7df01edc7ccc8ea60e8acfe3c5ff515ebbfbea5669d769db24d1a9386209fc81","a55bc2ffb25d15c8e395da5402b01834fd26aea64a2f38e7f897a2db33b8575d"]','overlap','','','null','','[]','ann','2026-11-30T14:59:47.325472Z','merge-20261130-145932-ed5b');
CREATE TABLE departure (
	run VARCHAR NOT NULL, 
	host VARCHAR NOT NULL, 
	story VARCHAR NOT NULL, 
	path TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_departure PRIMARY KEY (run, host, story), 
	CONSTRAINT fk_departure_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE document (
	"key" VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	format VARCHAR NOT NULL, 
	encoding VARCHAR NOT NULL, 
	guessed BOOLEAN NOT NULL, 
	n_chars BIGINT NOT NULL, 
	front_matter TEXT NOT NULL, 
	text TEXT NOT NULL, 
	CONSTRAINT pk_document PRIMARY KEY ("key")
);
INSERT INTO "document" VALUES('ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756','markdown','utf-8',0,728,'{}','# Desk

- As a reader, I want to reserve a book, so that nobody else takes it.
- As a reader, I want to reserve a book, so that nobody takes it.
- As a reader, I want to keep a book for 14 days, so that I can finish it.
- As a reader, I want to keep a book for 28 days, so that I can finish it.
- As a librarian, I want to print a label, so that I can find the shelf.
- As a librarian, I want to delete a reader''s account, so that our data stays clean.
- As a librarian, I want to remove a reader''s account, so that our data stays clean.
- As a librarian, I want to print a list of overdue books, so that I can write to the readers.
- As a librarian, I want to print a list of damaged books, so that I can write to the readers.
');
CREATE TABLE edit (
	run VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	relation VARCHAR NOT NULL, 
	stories TEXT NOT NULL, 
	keep VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	attribute TEXT NOT NULL, 
	"values" TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_edit PRIMARY KEY (run, position), 
	CONSTRAINT fk_edit_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "edit" VALUES('merge-20261130-145932-ed5b',0,'same','["7b63d0904da0598f","50f03ddd3fbb3ddb"]','7b63d0904da0598f','null','','[]','each says what the other says');
INSERT INTO "edit" VALUES('merge-20261130-145932-ed5b',1,'conflict','["08f5369dd2073709","c3df813a520f0a3d"]','','null','number','["14 days","28 days"]','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”');
INSERT INTO "edit" VALUES('merge-20261130-145932-ed5b',2,'same','["19e84f1baac7e603","c69b5a5d19ea0547"]','c69b5a5d19ea0547','null','','[]','each says what the other says');
CREATE TABLE estimate (
	id VARCHAR NOT NULL, 
	run VARCHAR, 
	corpus VARCHAR, 
	plan_sha256 VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	strategy VARCHAR NOT NULL, 
	feasible BOOLEAN NOT NULL, 
	reason TEXT NOT NULL, 
	calls INTEGER NOT NULL, 
	journalled_calls INTEGER NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	input_counter VARCHAR NOT NULL, 
	input_exact BOOLEAN NOT NULL, 
	input_low BIGINT NOT NULL, 
	input_high BIGINT NOT NULL, 
	output_low BIGINT NOT NULL, 
	output_likely BIGINT NOT NULL, 
	output_high BIGINT NOT NULL, 
	micro_usd_low BIGINT, 
	micro_usd_likely BIGINT, 
	micro_usd_high BIGINT, 
	micro_usd_batch BIGINT, 
	micro_usd_worst BIGINT, 
	micro_usd_energy BIGINT, 
	micro_usd_rent BIGINT, 
	price_date VARCHAR NOT NULL, 
	price_source TEXT NOT NULL, 
	notes TEXT NOT NULL, 
	seconds FLOAT, 
	seconds_low FLOAT, 
	seconds_high FLOAT, 
	peak_memory_bytes BIGINT, 
	kwh FLOAT, 
	created VARCHAR(27) NOT NULL, past_runs INTEGER, past_timed_runs INTEGER, input_factor FLOAT, output_factor FLOAT, seconds_factor FLOAT, 
	CONSTRAINT pk_estimate PRIMARY KEY (id), 
	CONSTRAINT fk_estimate_corpus_corpus FOREIGN KEY(corpus) REFERENCES corpus (sha256), 
	CONSTRAINT fk_estimate_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "estimate" VALUES('96bf08c596abd9d536e044cd94352a9e4bb24b2afa40783af8baa2606f760558','merge-20261130-145932-ed5b','dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0','ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad','extractive','edit',1,'',0,0,0,'',1,0,0,0,0,0,0,0,0,NULL,0,NULL,NULL,'2026-11-30','runs on this machine','[]',NULL,NULL,NULL,NULL,NULL,'2026-11-30T14:59:32.982867Z',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE extraction (
	sha256 VARCHAR NOT NULL, 
	variant VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_extraction PRIMARY KEY (sha256, variant)
);
INSERT INTO "extraction" VALUES('db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756','4:markdown:::0','{"shape":1,"document":{"sha256":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","paths":["desk.md"],"format":"markdown","text":"# Desk\n\n- As a reader, I want to reserve a book, so that nobody else takes it.\n- As a reader, I want to reserve a book, so that nobody takes it.\n- As a reader, I want to keep a book for 14 days, so that I can finish it.\n- As a reader, I want to keep a book for 28 days, so that I can finish it.\n- As a librarian, I want to print a label, so that I can find the shelf.\n- As a librarian, I want to delete a reader''s account, so that our data stays clean.\n- As a librarian, I want to remove a reader''s account, so that our data stays clean.\n- As a librarian, I want to print a list of overdue books, so that I can write to the readers.\n- As a librarian, I want to print a list of damaged books, so that I can write to the readers.\n","blocks":[[2,6,"heading",{"line":1,"heading":["Desk"]},1,[]],[10,78,"item",{"line":3,"heading":["Desk"]},1,[]],[81,144,"item",{"line":4,"heading":["Desk"]},1,[]],[147,219,"item",{"line":5,"heading":["Desk"]},1,[]],[222,294,"item",{"line":6,"heading":["Desk"]},1,[]],[297,367,"item",{"line":7,"heading":["Desk"]},1,[]],[370,452,"item",{"line":8,"heading":["Desk"]},1,[]],[455,537,"item",{"line":9,"heading":["Desk"]},1,[]],[540,632,"item",{"line":10,"heading":["Desk"]},1,[]],[635,727,"item",{"line":11,"heading":["Desk"]},1,[]]],"encoding":"utf-8","guessed":false,"front_matter":{},"problem":null},"stories":[{"id":"7b63d0904da0598f","kind":"agile","source":{"document":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","path":"desk.md","locator":{"line":3,"heading":["Desk"]},"spans":[[10,78]],"key":"","written":null,"author":""},"text":"As a reader, I want to reserve a book, so that nobody else takes it.","role":"reader","goal":"reserve a book","benefit":"nobody else takes it","criteria":[],"title":"","body":[]},{"id":"50f03ddd3fbb3ddb","kind":"agile","source":{"document":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","path":"desk.md","locator":{"line":4,"heading":["Desk"]},"spans":[[81,144]],"key":"","written":null,"author":""},"text":"As a reader, I want to reserve a book, so that nobody takes it.","role":"reader","goal":"reserve a book","benefit":"nobody takes it","criteria":[],"title":"","body":[]},{"id":"08f5369dd2073709","kind":"agile","source":{"document":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","path":"desk.md","locator":{"line":5,"heading":["Desk"]},"spans":[[147,219]],"key":"","written":null,"author":""},"text":"As a reader, I want to keep a book for 14 days, so that I can finish it.","role":"reader","goal":"keep a book for 14 days","benefit":"I can finish it","criteria":[],"title":"","body":[]},{"id":"c3df813a520f0a3d","kind":"agile","source":{"document":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","path":"desk.md","locator":{"line":6,"heading":["Desk"]},"spans":[[222,294]],"key":"","written":null,"author":""},"text":"As a reader, I want to keep a book for 28 days, so that I can finish it.","role":"reader","goal":"keep a book for 28 days","benefit":"I can finish it","criteria":[],"title":"","body":[]},{"id":"585f5b377a3d16b7","kind":"agile","source":{"document":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","path":"desk.md","locator":{"line":7,"heading":["Desk"]},"spans":[[297,367]],"key":"","written":null,"author":""},"text":"As a librarian, I want to print a label, so that I can find the shelf.","role":"librarian","goal":"print a label","benefit":"I can find the shelf","criteria":[],"title":"","body":[]},{"id":"19e84f1baac7e603","kind":"agile","source":{"document":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","path":"desk.md","locator":{"line":8,"heading":["Desk"]},"spans":[[370,452]],"key":"","written":null,"author":""},"text":"As a librarian, I want to delete a reader''s account, so that our data stays clean.","role":"librarian","goal":"delete a reader''s account","benefit":"our data stays clean","criteria":[],"title":"","body":[]},{"id":"c69b5a5d19ea0547","kind":"agile","source":{"document":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","path":"desk.md","locator":{"line":9,"heading":["Desk"]},"spans":[[455,537]],"key":"","written":null,"author":""},"text":"As a librarian, I want to remove a reader''s account, so that our data stays clean.","role":"librarian","goal":"remove a reader''s account","benefit":"our data stays clean","criteria":[],"title":"","body":[]},{"id":"27452bc2346acc0a","kind":"agile","source":{"document":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","path":"desk.md","locator":{"line":10,"heading":["Desk"]},"spans":[[540,632]],"key":"","written":null,"author":""},"text":"As a librarian, I want to print a list of overdue books, so that I can write to the readers.","role":"librarian","goal":"print a list of overdue books","benefit":"I can write to the readers","criteria":[],"title":"","body":[]},{"id":"a251f68a272c4f8a","kind":"agile","source":{"document":"db5fefb2959628f0a3fb0388c7e1f25de903de0fe0fff5c81bee331288cac756","path":"desk.md","locator":{"line":11,"heading":["Desk"]},"spans":[[635,727]],"key":"","written":null,"author":""},"text":"As a librarian, I want to print a list of damaged books, so that I can write to the readers.","role":"librarian","goal":"print a list of damaged books","benefit":"I can write to the readers","criteria":[],"title":"","body":[]}],"residue":[[0,10],[78,81],[144,147],[219,222],[294,297],[367,370],[452,455],[537,540],[632,635],[727,728]]}','2026-11-30T14:59:32.726367Z');
CREATE TABLE failed_call (
	run VARCHAR NOT NULL, 
	call VARCHAR NOT NULL, 
	CONSTRAINT pk_failed_call PRIMARY KEY (run, call), 
	CONSTRAINT fk_failed_call_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE ledger (
	run VARCHAR NOT NULL, 
	story VARCHAR NOT NULL, 
	outcome VARCHAR NOT NULL, 
	target VARCHAR NOT NULL, 
	other VARCHAR NOT NULL, 
	relation VARCHAR, 
	reason TEXT NOT NULL, 
	decided_by VARCHAR NOT NULL, 
	CONSTRAINT pk_ledger PRIMARY KEY (run, story), 
	CONSTRAINT fk_ledger_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "ledger" VALUES('merge-20261130-145932-ed5b','7b63d0904da0598f','kept','2878159d996e11cd','',NULL,'stands for 2 stories','code');
INSERT INTO "ledger" VALUES('merge-20261130-145932-ed5b','50f03ddd3fbb3ddb','duplicate_of','2878159d996e11cd','7b63d0904da0598f','same','each says what the other says','code');
INSERT INTO "ledger" VALUES('merge-20261130-145932-ed5b','08f5369dd2073709','conflict_with','165a334140e2ea1f','c3df813a520f0a3d','conflict','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”','code');
INSERT INTO "ledger" VALUES('merge-20261130-145932-ed5b','c3df813a520f0a3d','conflict_with','9b142c18d7778da3','08f5369dd2073709','conflict','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”','code');
INSERT INTO "ledger" VALUES('merge-20261130-145932-ed5b','585f5b377a3d16b7','kept','c3d63484e54e413c','',NULL,'nothing else says this','code');
INSERT INTO "ledger" VALUES('merge-20261130-145932-ed5b','19e84f1baac7e603','duplicate_of','c5a718cbb763c1ab','c69b5a5d19ea0547','same','each says what the other says','code');
INSERT INTO "ledger" VALUES('merge-20261130-145932-ed5b','c69b5a5d19ea0547','kept','c5a718cbb763c1ab','',NULL,'stands for 2 stories','code');
INSERT INTO "ledger" VALUES('merge-20261130-145932-ed5b','27452bc2346acc0a','kept','936387851cea76c9','',NULL,'nothing else says this','code');
INSERT INTO "ledger" VALUES('merge-20261130-145932-ed5b','a251f68a272c4f8a','kept','d578976ecb3aec58','',NULL,'nothing else says this','code');
CREATE TABLE merged_source (
	run VARCHAR NOT NULL, 
	merged VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	CONSTRAINT pk_merged_source PRIMARY KEY (run, merged, position), 
	CONSTRAINT fk_merged_source_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "merged_source" VALUES('merge-20261130-145932-ed5b','2878159d996e11cd',0,'7b63d0904da0598f');
INSERT INTO "merged_source" VALUES('merge-20261130-145932-ed5b','2878159d996e11cd',1,'50f03ddd3fbb3ddb');
INSERT INTO "merged_source" VALUES('merge-20261130-145932-ed5b','165a334140e2ea1f',0,'08f5369dd2073709');
INSERT INTO "merged_source" VALUES('merge-20261130-145932-ed5b','9b142c18d7778da3',0,'c3df813a520f0a3d');
INSERT INTO "merged_source" VALUES('merge-20261130-145932-ed5b','c3d63484e54e413c',0,'585f5b377a3d16b7');
INSERT INTO "merged_source" VALUES('merge-20261130-145932-ed5b','c5a718cbb763c1ab',0,'c69b5a5d19ea0547');
INSERT INTO "merged_source" VALUES('merge-20261130-145932-ed5b','c5a718cbb763c1ab',1,'19e84f1baac7e603');
INSERT INTO "merged_source" VALUES('merge-20261130-145932-ed5b','936387851cea76c9',0,'27452bc2346acc0a');
INSERT INTO "merged_source" VALUES('merge-20261130-145932-ed5b','d578976ecb3aec58',0,'a251f68a272c4f8a');
CREATE TABLE merged_story (
	run VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	origin VARCHAR NOT NULL, 
	fallback TEXT NOT NULL, 
	title TEXT NOT NULL, 
	role TEXT NOT NULL, 
	goal TEXT NOT NULL, 
	benefit TEXT NOT NULL, 
	criteria TEXT NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pk_merged_story PRIMARY KEY (run, id), 
	CONSTRAINT fk_merged_story_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "merged_story" VALUES('merge-20261130-145932-ed5b','2878159d996e11cd',0,'kept','','','reader','reserve a book','nobody else takes it','[]','[]');
INSERT INTO "merged_story" VALUES('merge-20261130-145932-ed5b','165a334140e2ea1f',1,'kept','','','reader','keep a book for 14 days','I can finish it','[]','[]');
INSERT INTO "merged_story" VALUES('merge-20261130-145932-ed5b','9b142c18d7778da3',2,'kept','','','reader','keep a book for 28 days','I can finish it','[]','[]');
INSERT INTO "merged_story" VALUES('merge-20261130-145932-ed5b','c3d63484e54e413c',3,'kept','','','librarian','print a label','I can find the shelf','[]','[]');
INSERT INTO "merged_story" VALUES('merge-20261130-145932-ed5b','c5a718cbb763c1ab',4,'kept','','','librarian','remove a reader''s account','our data stays clean','[]','[]');
INSERT INTO "merged_story" VALUES('merge-20261130-145932-ed5b','936387851cea76c9',5,'kept','','','librarian','print a list of overdue books','I can write to the readers','[]','[]');
INSERT INTO "merged_story" VALUES('merge-20261130-145932-ed5b','d578976ecb3aec58',6,'kept','','','librarian','print a list of damaged books','I can write to the readers','[]','[]');
CREATE TABLE needle_cell (
	"key" VARCHAR NOT NULL, 
	task VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	revision VARCHAR NOT NULL, 
	style VARCHAR NOT NULL, 
	haystack TEXT NOT NULL, 
	target_tokens INTEGER NOT NULL, 
	prompt_tokens INTEGER NOT NULL, 
	depth_target FLOAT NOT NULL, 
	depth_actual FLOAT NOT NULL, 
	seed INTEGER NOT NULL, 
	status VARCHAR NOT NULL, 
	score FLOAT, 
	expected TEXT NOT NULL, 
	reply TEXT NOT NULL, 
	finish TEXT NOT NULL, 
	flags TEXT NOT NULL, 
	seconds FLOAT NOT NULL, 
	request VARCHAR NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_needle_cell PRIMARY KEY ("key"), 
	CONSTRAINT fk_needle_cell_request_request FOREIGN KEY(request) REFERENCES request ("key")
);
CREATE TABLE outline (
	"key" VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_outline PRIMARY KEY ("key")
);
CREATE TABLE "plan" (
	sha256 VARCHAR NOT NULL, 
	strategy VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	n_stories INTEGER NOT NULL, 
	n_clusters INTEGER NOT NULL, 
	n_calls INTEGER NOT NULL, 
	limit_input INTEGER NOT NULL, 
	limit_output INTEGER NOT NULL, 
	limit_reason TEXT NOT NULL, 
	parameters TEXT NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_plan PRIMARY KEY (sha256)
);
INSERT INTO "plan" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad','edit','extractive',9,3,0,500000,500000,'window of 1,000,000 tokens less the longest reply','{}','2026-11-30T14:59:32.979023Z');
CREATE TABLE planned_call (
	"plan" VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	stage VARCHAR NOT NULL, 
	request VARCHAR NOT NULL, 
	handles TEXT NOT NULL, 
	clusters TEXT NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	input_counter VARCHAR NOT NULL, 
	input_exact BOOLEAN NOT NULL, 
	input_low BIGINT NOT NULL, 
	input_high BIGINT NOT NULL, 
	output_low BIGINT NOT NULL, 
	output_likely BIGINT NOT NULL, 
	output_high BIGINT NOT NULL, 
	CONSTRAINT pk_planned_call PRIMARY KEY ("plan", position), 
	CONSTRAINT fk_planned_call_plan_plan FOREIGN KEY("plan") REFERENCES "plan" (sha256) ON DELETE CASCADE, 
	CONSTRAINT fk_planned_call_request_request FOREIGN KEY(request) REFERENCES request ("key")
);
CREATE TABLE planned_cluster (
	"plan" VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	relation VARCHAR NOT NULL, 
	score FLOAT NOT NULL, 
	why TEXT NOT NULL, 
	attribute TEXT NOT NULL, 
	"values" TEXT NOT NULL, 
	members TEXT NOT NULL, 
	CONSTRAINT pk_planned_cluster PRIMARY KEY ("plan", position), 
	CONSTRAINT fk_planned_cluster_plan_plan FOREIGN KEY("plan") REFERENCES "plan" (sha256) ON DELETE CASCADE
);
INSERT INTO "planned_cluster" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',0,'same',1.0,'each says what the other says','','[]','["7b63d0904da0598f","50f03ddd3fbb3ddb"]');
INSERT INTO "planned_cluster" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',1,'conflict',1.0,'they differ in number: “keep a book for 14 days” against “keep a book for 28 days”','number','["14 days","28 days"]','["08f5369dd2073709","c3df813a520f0a3d"]');
INSERT INTO "planned_cluster" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',2,'same',1.0,'each says what the other says','','[]','["19e84f1baac7e603","c69b5a5d19ea0547"]');
CREATE TABLE planned_skip (
	"plan" VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_planned_skip PRIMARY KEY ("plan", position), 
	CONSTRAINT fk_planned_skip_plan_plan FOREIGN KEY("plan") REFERENCES "plan" (sha256) ON DELETE CASCADE
);
INSERT INTO "planned_skip" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',0,'7b63d0904da0598f','same','each says what the other says');
INSERT INTO "planned_skip" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',1,'50f03ddd3fbb3ddb','same','each says what the other says');
INSERT INTO "planned_skip" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',2,'08f5369dd2073709','conflict','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”');
INSERT INTO "planned_skip" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',3,'c3df813a520f0a3d','conflict','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”');
INSERT INTO "planned_skip" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',4,'585f5b377a3d16b7','single','');
INSERT INTO "planned_skip" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',5,'19e84f1baac7e603','same','each says what the other says');
INSERT INTO "planned_skip" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',6,'c69b5a5d19ea0547','same','each says what the other says');
INSERT INTO "planned_skip" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',7,'27452bc2346acc0a','single','');
INSERT INTO "planned_skip" VALUES('ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad',8,'a251f68a272c4f8a','single','');
CREATE TABLE reply (
	id VARCHAR NOT NULL, 
	request VARCHAR NOT NULL, 
	run VARCHAR, 
	good BOOLEAN NOT NULL, 
	why TEXT NOT NULL, 
	text TEXT NOT NULL, 
	finish VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	detail TEXT NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	cache_read_tokens BIGINT NOT NULL, 
	cache_write_tokens BIGINT NOT NULL, 
	micro_usd BIGINT, 
	seconds FLOAT NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_reply PRIMARY KEY (id), 
	CONSTRAINT fk_reply_request_request FOREIGN KEY(request) REFERENCES request ("key"), 
	CONSTRAINT fk_reply_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE SET NULL
);
CREATE TABLE request (
	"key" VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	revision VARCHAR NOT NULL, 
	purpose VARCHAR NOT NULL, 
	prompt VARCHAR NOT NULL, 
	prompt_sha256 VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pk_request PRIMARY KEY ("key")
);
CREATE TABLE run (
	id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	state VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	revision VARCHAR NOT NULL, 
	strategy VARCHAR NOT NULL, 
	corpus VARCHAR, 
	plan_sha256 VARCHAR NOT NULL, 
	estimate VARCHAR, 
	parameters TEXT NOT NULL, 
	describe TEXT NOT NULL, 
	owner VARCHAR NOT NULL, 
	attempts INTEGER NOT NULL, 
	error TEXT, 
	started VARCHAR(27) NOT NULL, 
	updated VARCHAR(27) NOT NULL, 
	finished VARCHAR(27), 
	CONSTRAINT pk_run PRIMARY KEY (id), 
	CONSTRAINT fk_run_corpus_corpus FOREIGN KEY(corpus) REFERENCES corpus (sha256)
);
INSERT INTO "run" VALUES('merge-20261130-145932-ed5b','merge','completed','extractive','','edit','dd5d7414b901dea5e8c8f1daf9f20273052b2d2d1f86cc0bb9c771fec1df63f0','ae93521b5760b1f9685c59e69dfb897f9eeae60a38edae47970a23c08ae106ad','96bf08c596abd9d536e044cd94352a9e4bb24b2afa40783af8baa2606f760558','{"paths":["desk.md"],"about":[],"allow_cloud":false,"out":"merged","group":"role","entailment":"","max_usd":null,"batch":false,"conflicts":false}','{}','desk:12655:91661',1,NULL,'2026-11-30T14:59:32.975284Z','2026-11-30T14:59:33.028376Z','2026-11-30T14:59:33.028226Z');
CREATE TABLE run_cell (
	run VARCHAR NOT NULL, 
	cell VARCHAR NOT NULL, 
	reused BOOLEAN NOT NULL, 
	CONSTRAINT pk_run_cell PRIMARY KEY (run, cell), 
	CONSTRAINT fk_run_cell_cell_needle_cell FOREIGN KEY(cell) REFERENCES needle_cell ("key"), 
	CONSTRAINT fk_run_cell_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE score (
	run VARCHAR NOT NULL, 
	name VARCHAR NOT NULL, 
	item VARCHAR NOT NULL, 
	value FLOAT, 
	low FLOAT, 
	high FLOAT, 
	n INTEGER NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_score PRIMARY KEY (run, name, item), 
	CONSTRAINT fk_score_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE story (
	"key" VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	document VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	start_offset BIGINT NOT NULL, 
	end_offset BIGINT NOT NULL, 
	spans TEXT NOT NULL, 
	place TEXT NOT NULL, 
	locator TEXT NOT NULL, 
	source_key TEXT NOT NULL, 
	written VARCHAR(10), 
	author TEXT NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	title TEXT NOT NULL, 
	role TEXT NOT NULL, 
	goal TEXT NOT NULL, 
	benefit TEXT NOT NULL, 
	criteria TEXT NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pk_story PRIMARY KEY ("key"), 
	CONSTRAINT fk_story_document_document FOREIGN KEY(document) REFERENCES document ("key")
);
INSERT INTO "story" VALUES('19638431fe922f91225cc5542fb0c987e827b7e51e08988cf040df770549a90b','19e84f1baac7e603','ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','agile',370,452,'[[370,452]]','line 8, Desk','{"line":8,"heading":["Desk"]}','',NULL,'','6ce03b88e7f13d100222dcdea4af944e0a3d6fafec2d65e32b681661b04df175','As a librarian, I want to delete a reader''s account, so that our data stays clean.','','librarian','delete a reader''s account','our data stays clean','[]','[]');
INSERT INTO "story" VALUES('3078cdf16846bb13f2063ab9b5a2a9daf88a216f086bbee685053fa8721787e9','7b63d0904da0598f','ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','agile',10,78,'[[10,78]]','line 3, Desk','{"line":3,"heading":["Desk"]}','',NULL,'','a040850f8df332c6f49a17e5b590393f0baa43528d2433ebb57b05f34841451b','As a reader, I want to reserve a book, so that nobody else takes it.','','reader','reserve a book','nobody else takes it','[]','[]');
INSERT INTO "story" VALUES('38f5f40d8f9fdcaf972d57d854d7a31b4cbdaae2a0851dd7c734d93fcafe166e','50f03ddd3fbb3ddb','ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','agile',81,144,'[[81,144]]','line 4, Desk','{"line":4,"heading":["Desk"]}','',NULL,'','7df01edc7ccc8ea60e8acfe3c5ff515ebbfbea5669d769db24d1a9386209fc81','As a reader, I want to reserve a book, so that nobody takes it.','','reader','reserve a book','nobody takes it','[]','[]');
INSERT INTO "story" VALUES('6a8202287e0dc8fb48140021615fab15548f4fccbe1897a85366899282109ba5','a251f68a272c4f8a','ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','agile',635,727,'[[635,727]]','line 11, Desk','{"line":11,"heading":["Desk"]}','',NULL,'','bec1d0c213dfe3d864b055427e9a4d38cc701e9d29f163ab74a02ae702077def','As a librarian, I want to print a list of damaged books, so that I can write to the readers.','','librarian','print a list of damaged books','I can write to the readers','[]','[]');
INSERT INTO "story" VALUES('7ae7e1cc2de62ce25e25da388dc3b3f064507987239b12c61831e1d29af13307','585f5b377a3d16b7','ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','agile',297,367,'[[297,367]]','line 7, Desk','{"line":7,"heading":["Desk"]}','',NULL,'','872aa1a9756312d24abd7b332c26630451a697a315b7ad90f39a787f64402f5e','As a librarian, I want to print a label, so that I can find the shelf.','','librarian','print a label','I can find the shelf','[]','[]');
INSERT INTO "story" VALUES('7b8870b5a6e6d4fcfbd04105638c32c4f5b4f03304f2688c7b94436541f73ce5','27452bc2346acc0a','ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','agile',540,632,'[[540,632]]','line 10, Desk','{"line":10,"heading":["Desk"]}','',NULL,'','1732f8df7c6cbe4ac09ce100ac80a9e39838c7b9a8ba3079f077165fdf5d34fa','As a librarian, I want to print a list of overdue books, so that I can write to the readers.','','librarian','print a list of overdue books','I can write to the readers','[]','[]');
INSERT INTO "story" VALUES('9da4a35d3171404433cd9c572424e2aa7c98cbd923d808828adb8a86f7dc1bc7','08f5369dd2073709','ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','agile',147,219,'[[147,219]]','line 5, Desk','{"line":5,"heading":["Desk"]}','',NULL,'','a55bc2ffb25d15c8e395da5402b01834fd26aea64a2f38e7f897a2db33b8575d','As a reader, I want to keep a book for 14 days, so that I can finish it.','','reader','keep a book for 14 days','I can finish it','[]','[]');
INSERT INTO "story" VALUES('e60055b1f0baf7492b8daaf62da1286dc3dada2a2e890a5389cca77e1225a82a','c3df813a520f0a3d','ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','agile',222,294,'[[222,294]]','line 6, Desk','{"line":6,"heading":["Desk"]}','',NULL,'','df621bfa580ba504fea2c9d37391f1d894eab7427a24e64bf3ff353cb07281f8','As a reader, I want to keep a book for 28 days, so that I can finish it.','','reader','keep a book for 28 days','I can finish it','[]','[]');
INSERT INTO "story" VALUES('f959e5d75d731e5d99a7dc7fed68b984e1c864b2b7ee0ddf0328ae71324133ef','c69b5a5d19ea0547','ebb42310853183dcd0288567fda568ba7e01965c754141400a3aa6dd659b3be2','agile',455,537,'[[455,537]]','line 9, Desk','{"line":9,"heading":["Desk"]}','',NULL,'','582dae9cf336c7bb12f90affdccfa471f3d5fa18e5995bae183036f7469454e5','As a librarian, I want to remove a reader''s account, so that our data stays clean.','','librarian','remove a reader''s account','our data stays clean','[]','[]');
CREATE TABLE verdict (
	run VARCHAR NOT NULL, 
	merged VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	stage VARCHAR NOT NULL, 
	field VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	grounded BOOLEAN NOT NULL, 
	findings TEXT NOT NULL, 
	sources TEXT NOT NULL, 
	CONSTRAINT pk_verdict PRIMARY KEY (run, merged, position), 
	CONSTRAINT fk_verdict_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','2878159d996e11cd',0,'final','role','reader',1,'[]','[["7b63d0904da0598f",15,21],["50f03ddd3fbb3ddb",86,92]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','2878159d996e11cd',1,'final','goal','reserve a book',1,'[]','[["7b63d0904da0598f",33,47],["50f03ddd3fbb3ddb",104,118]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','2878159d996e11cd',2,'final','benefit','nobody else takes it',1,'[]','[["7b63d0904da0598f",57,77]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','165a334140e2ea1f',0,'final','role','reader',1,'[]','[["08f5369dd2073709",152,158]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','165a334140e2ea1f',1,'final','goal','keep a book for 14 days',1,'[]','[["08f5369dd2073709",170,193]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','165a334140e2ea1f',2,'final','benefit','I can finish it',1,'[]','[["08f5369dd2073709",203,218]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','9b142c18d7778da3',0,'final','role','reader',1,'[]','[["c3df813a520f0a3d",227,233]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','9b142c18d7778da3',1,'final','goal','keep a book for 28 days',1,'[]','[["c3df813a520f0a3d",245,268]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','9b142c18d7778da3',2,'final','benefit','I can finish it',1,'[]','[["c3df813a520f0a3d",278,293]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','c3d63484e54e413c',0,'final','role','librarian',1,'[]','[["585f5b377a3d16b7",302,311]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','c3d63484e54e413c',1,'final','goal','print a label',1,'[]','[["585f5b377a3d16b7",323,336]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','c3d63484e54e413c',2,'final','benefit','I can find the shelf',1,'[]','[["585f5b377a3d16b7",346,366]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','c5a718cbb763c1ab',0,'final','role','librarian',1,'[]','[["c69b5a5d19ea0547",460,469],["19e84f1baac7e603",375,384]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','c5a718cbb763c1ab',1,'final','goal','remove a reader''s account',1,'[]','[["c69b5a5d19ea0547",481,506]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','c5a718cbb763c1ab',2,'final','benefit','our data stays clean',1,'[]','[["c69b5a5d19ea0547",516,536],["19e84f1baac7e603",431,451]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','936387851cea76c9',0,'final','role','librarian',1,'[]','[["27452bc2346acc0a",545,554]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','936387851cea76c9',1,'final','goal','print a list of overdue books',1,'[]','[["27452bc2346acc0a",566,595]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','936387851cea76c9',2,'final','benefit','I can write to the readers',1,'[]','[["27452bc2346acc0a",605,631]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','d578976ecb3aec58',0,'final','role','librarian',1,'[]','[["a251f68a272c4f8a",640,649]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','d578976ecb3aec58',1,'final','goal','print a list of damaged books',1,'[]','[["a251f68a272c4f8a",661,690]]');
INSERT INTO "verdict" VALUES('merge-20261130-145932-ed5b','d578976ecb3aec58',2,'final','benefit','I can write to the readers',1,'[]','[["a251f68a272c4f8a",700,726]]');
CREATE INDEX ix_document_sha256 ON document (sha256);
CREATE INDEX ix_corpus_document_document ON corpus_document (document);
CREATE INDEX ix_needle_cell_request ON needle_cell (request);
CREATE INDEX ix_planned_call_request ON planned_call (request);
CREATE INDEX ix_run_corpus ON run (corpus);
CREATE INDEX ix_run_started ON run (started);
CREATE INDEX ix_run_state_kind ON run (state, kind);
CREATE INDEX ix_story_document ON story (document);
CREATE INDEX ix_story_fingerprint ON story (fingerprint);
CREATE INDEX ix_story_id ON story (id);
CREATE INDEX ix_corpus_story_story ON corpus_story (story);
CREATE INDEX ix_estimate_corpus ON estimate (corpus);
CREATE INDEX ix_estimate_run ON estimate (run);
CREATE INDEX ix_ledger_run_outcome ON ledger (run, outcome);
CREATE INDEX ix_merged_source_run_story ON merged_source (run, story);
CREATE INDEX ix_reply_request ON reply (request);
CREATE INDEX ix_reply_run ON reply (run);
CREATE UNIQUE INDEX uq_reply_good_request ON reply (request) WHERE good;
CREATE INDEX ix_run_cell_cell ON run_cell (cell);
CREATE VIEW v_ledger AS 
        SELECT l.run, cs.position, l.story, s.kind, substr(s.text, 1, 200) AS excerpt,
               d.path, s.place, l.outcome, l.target, l.other, l.relation, l.reason,
               l.decided_by, m.origin, m.fallback
          FROM ledger l
          JOIN run r ON r.id = l.run
          JOIN corpus_story cs ON cs.corpus = r.corpus AND cs.id = l.story
          JOIN corpus_document d
            ON d.corpus = cs.corpus AND d.position = cs.document_position
          JOIN story s ON s.key = cs.story
          LEFT JOIN merged_story m ON m.run = l.run AND m.id = l.target;
CREATE VIEW v_conflicts AS 
        SELECT k.run, k.position AS conflict, k.attribute, k.reason, p.position AS side,
               p.value, p.story, substr(s.text, 1, 200) AS excerpt, d.path, s.place,
               s.written, s.author
          FROM conflict k
          JOIN conflict_side p ON p.run = k.run AND p.conflict = k.position
          JOIN run r ON r.id = k.run
          JOIN corpus_story cs ON cs.corpus = r.corpus AND cs.id = p.story
          JOIN corpus_document d
            ON d.corpus = cs.corpus AND d.position = cs.document_position
          JOIN story s ON s.key = cs.story;
CREATE VIEW v_needle_cells AS 
        SELECT rc.run, n.key AS cell, n.task, n.model, n.style, n.haystack, n.target_tokens,
               n.prompt_tokens,
               n.depth_target, n.depth_actual, n.seed, n.status, n.score, n.expected,
               n.reply, n.finish, n.flags, n.seconds, n.request, rc.reused
          FROM run_cell rc
          JOIN needle_cell n ON n.key = rc.cell;
CREATE VIEW v_costs AS 
        SELECT r.id AS run, r.kind, r.model, r.strategy, r.started,
               count(p.id) AS replies,
               sum(CASE WHEN p.good THEN 1 ELSE 0 END) AS good,
               sum(CASE WHEN p.id IS NOT NULL AND NOT p.good THEN 1 ELSE 0 END) AS bad,
               sum(p.input_tokens + p.cache_read_tokens + p.cache_write_tokens)
                 AS prompt_tokens,
               sum(p.cache_read_tokens) AS cached_tokens,
               sum(p.output_tokens) AS output_tokens,
               CASE WHEN count(p.id) = count(p.micro_usd)
                    THEN coalesce(sum(p.micro_usd), 0) / 1000000.0 END AS usd,
               (SELECT coalesce(sum(g.reserved_micro_usd), 0) / 1000000.0 FROM charge g
                 WHERE g.run = r.id AND g.settled_micro_usd IS NULL) AS usd_in_flight,
               sum(p.seconds) AS seconds
          FROM run r
          LEFT JOIN reply p ON p.run = r.id
         GROUP BY r.id, r.kind, r.model, r.strategy, r.started;
CREATE VIEW v_runs AS 
        SELECT r.id AS run, r.kind, r.state, r.model, r.strategy, r.started, r.finished,
               c.n_documents AS documents, c.n_stories AS stories, c.n_words AS words,
               e.calls AS estimated_calls, a.calls, a.reused,
               e.input_tokens AS estimated_input_tokens, a.input_tokens,
               e.output_likely AS estimated_output_tokens, a.output_tokens,
               e.micro_usd_likely / 1000000.0 AS estimated_usd,
               a.micro_usd / 1000000.0 AS usd,
               e.seconds AS estimated_seconds, a.model_seconds, a.seconds,
               e.peak_memory_bytes AS estimated_peak_memory_bytes, a.peak_memory_bytes,
               e.past_runs,
               (SELECT count(*) FROM merged_story m WHERE m.run = r.id) AS merged_stories,
               (SELECT count(*) FROM conflict k WHERE k.run = r.id) AS conflicts,
               (SELECT count(*) FROM merged_story m
                 WHERE m.run = r.id AND m.fallback <> '') AS fallbacks,
               (SELECT count(*) FROM run_cell n WHERE n.run = r.id) AS cells,
               r.attempts, r.plan_sha256, e.plan_sha256 AS estimated_plan_sha256, r.error
          FROM run r
          LEFT JOIN corpus c ON c.sha256 = r.corpus
          LEFT JOIN estimate e ON e.id = r.estimate
          LEFT JOIN actual a ON a.run = r.id;
CREATE VIEW v_estimate_vs_actual AS 
        SELECT r.id AS run, r.model, r.strategy, r.started, q.position, q.quantity, q.unit,
               q.low, q.likely, q.high, q.actual,
               CASE WHEN q.likely > 0 THEN q.actual / q.likely END AS ratio,
               CASE WHEN q.actual IS NULL OR q.low IS NULL THEN NULL
                    WHEN q.actual >= q.low AND q.actual <= q.high THEN 1
                    ELSE 0 END AS inside,
               CASE WHEN q.factor IS NOT NULL THEN q.likely / q.factor
                    WHEN q.past_runs IS NULL THEN q.likely END AS uncorrected,
               coalesce(q.past_runs, 0) AS past_runs
          FROM run r
          JOIN (
            SELECT e.id, a.run, 1 AS position, 'input tokens' AS quantity, 'tokens' AS unit,
                   e.input_low * 1.0 AS low, e.input_tokens * 1.0 AS likely,
                   e.input_high * 1.0 AS high,
                   coalesce(a.first_input_tokens, a.input_tokens) * 1.0 AS actual,
                   e.input_factor AS factor, e.past_runs AS past_runs
              FROM estimate e JOIN run r1 ON r1.estimate = e.id JOIN actual a ON a.run = r1.id
            UNION ALL
            SELECT e.id, a.run, 2, 'output tokens', 'tokens',
                   e.output_low * 1.0, e.output_likely * 1.0,
                   e.output_high * 1.0, a.output_tokens * 1.0, e.output_factor, e.past_runs
              FROM estimate e JOIN run r2 ON r2.estimate = e.id JOIN actual a ON a.run = r2.id
            UNION ALL
            SELECT e.id, a.run, 3, 'calls', 'calls',
                   e.calls * 1.0, e.calls * 1.0, e.calls * 1.0, a.calls * 1.0, NULL, NULL
              FROM estimate e JOIN run r3 ON r3.estimate = e.id JOIN actual a ON a.run = r3.id
            UNION ALL
            SELECT e.id, a.run, 4, 'price', 'USD',
                   e.micro_usd_low / 1000000.0, e.micro_usd_likely / 1000000.0,
                   e.micro_usd_high / 1000000.0, a.micro_usd / 1000000.0, NULL, e.past_runs
              FROM estimate e JOIN run r4 ON r4.estimate = e.id JOIN actual a ON a.run = r4.id
            UNION ALL
            SELECT e.id, a.run, 5, 'time', 'seconds',
                   e.seconds_low * 1.0, e.seconds * 1.0, e.seconds_high * 1.0,
                   coalesce(a.model_seconds, a.seconds) * 1.0, e.seconds_factor,
                   e.past_timed_runs
              FROM estimate e JOIN run r5 ON r5.estimate = e.id JOIN actual a ON a.run = r5.id
            UNION ALL
            SELECT e.id, a.run, 6, 'peak memory', 'bytes',
                   NULL, e.peak_memory_bytes * 1.0, NULL, a.peak_memory_bytes * 1.0, NULL, NULL
              FROM estimate e JOIN run r6 ON r6.estimate = e.id JOIN actual a ON a.run = r6.id
          ) q ON q.run = r.id AND q.id = r.estimate;
CREATE VIEW v_learned AS 
        SELECT r.model, r.strategy, a.prompt, count(*) AS runs, sum(a.asked) AS calls,
               sum(a.first_input_tokens) * 1.0 / nullif(sum(a.planned_input_tokens), 0)
                 AS input_ratio,
               sum(a.output_tokens) * 1.0 / nullif(sum(a.planned_output_tokens), 0)
                 AS output_ratio,
               sum(CASE WHEN r.attempts = 1 AND a.formula_seconds > 0 THEN 1 ELSE 0 END)
                 AS timed_runs,
               sum(CASE WHEN r.attempts = 1 AND a.formula_seconds > 0 THEN a.model_seconds END)
                 / sum(CASE WHEN r.attempts = 1 AND a.formula_seconds > 0
                            THEN a.formula_seconds END) AS seconds_ratio
          FROM run r
          JOIN actual a ON a.run = r.id
         WHERE r.state = 'completed' AND a.asked > 0
         GROUP BY r.model, r.strategy, a.prompt;
CREATE INDEX ix_batch_run ON batch (run);
CREATE INDEX ix_batch_request_request ON batch_request (request);
COMMIT;
