BEGIN TRANSACTION;
CREATE TABLE actual (
	run VARCHAR NOT NULL, 
	calls INTEGER NOT NULL, 
	reused INTEGER NOT NULL, 
	input_tokens BIGINT NOT NULL, 
	output_tokens BIGINT NOT NULL, 
	micro_usd BIGINT, 
	seconds FLOAT NOT NULL, 
	peak_memory_bytes BIGINT, 
	asked INTEGER, 
	prompt VARCHAR, 
	planned_input_tokens BIGINT, 
	planned_output_tokens BIGINT, 
	first_input_tokens BIGINT, 
	model_seconds FLOAT, 
	formula_seconds FLOAT, 
	processor_seconds FLOAT, 
	machine TEXT, 
	CONSTRAINT pk_actual PRIMARY KEY (run), 
	CONSTRAINT fk_actual_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "actual" VALUES('merge-20261201-025158-45ff',0,0,0,0,0,1.05526796800040756352e+00,139456512,0,'',0,0,0,0.0,NULL,0.0,'vm: CPU, 1 thread');
CREATE TABLE alembic_version (version_num VARCHAR(32) NOT NULL, CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num));
INSERT INTO "alembic_version" VALUES('0014');
CREATE TABLE asker (
	id VARCHAR NOT NULL, 
	owner VARCHAR NOT NULL, 
	beat INTEGER NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_asker PRIMARY KEY (id)
);
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
CREATE TABLE claim (
	request VARCHAR NOT NULL, 
	asker VARCHAR NOT NULL, 
	CONSTRAINT pk_claim PRIMARY KEY (request)
);
CREATE TABLE "conflict" (
	run VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	about TEXT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	CONSTRAINT pk_conflict PRIMARY KEY (run, position), 
	CONSTRAINT fk_conflict_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "conflict" VALUES('merge-20261201-025158-45ff',0,'415682833fdd','possible','number','code','sentences that are alike differ');
CREATE TABLE conflict_side (
	run VARCHAR NOT NULL, 
	"conflict" INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	differs TEXT NOT NULL, 
	CONSTRAINT pk_conflict_side PRIMARY KEY (run, "conflict", position), 
	CONSTRAINT fk_conflict_side_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "conflict_side" VALUES('merge-20261201-025158-45ff',0,0,'6db6efc330e49a48','As a clerk, I want refunds within 14 days, so that customers stay.','["14 days"]');
INSERT INTO "conflict_side" VALUES('merge-20261201-025158-45ff',0,1,'448a4f808c684f3e','As a clerk, I want refunds within 28 days, so that customers stay.','["28 days"]');
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
INSERT INTO "corpus" VALUES('1edd45fdc9fbcd136678cc4024a60f7b8a7de1b4bccebf5b141b6275e8110c5e',1,4,53,249,47,'2026-12-01T02:51:58.855848Z');
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
INSERT INTO "corpus_document" VALUES('1edd45fdc9fbcd136678cc4024a60f7b8a7de1b4bccebf5b141b6275e8110c5e',0,'8b6a0474f647b46545b75f60c794fab2ef1bd275eb7a7e45010f80f2f398e216','a.md','["a.md"]',NULL,4,'[[0,37],[103,106],[172,175],[207,210],[248,249]]',47);
CREATE TABLE corpus_story (
	corpus VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	id VARCHAR NOT NULL, 
	story VARCHAR NOT NULL, 
	document_position INTEGER NOT NULL, 
	CONSTRAINT pk_corpus_story PRIMARY KEY (corpus, position), 
	CONSTRAINT uq_corpus_story_corpus_id UNIQUE (corpus, id), 
	CONSTRAINT fk_corpus_story_corpus_corpus FOREIGN KEY(corpus) REFERENCES corpus (sha256) ON DELETE CASCADE, 
	CONSTRAINT fk_corpus_story_story_story FOREIGN KEY(story) REFERENCES story ("key")
);
INSERT INTO "corpus_story" VALUES('1edd45fdc9fbcd136678cc4024a60f7b8a7de1b4bccebf5b141b6275e8110c5e',0,'6db6efc330e49a48','18d74df0e15d73aadbcaab25b7720126b513f159751972bd3f3bc06944e17241',0);
INSERT INTO "corpus_story" VALUES('1edd45fdc9fbcd136678cc4024a60f7b8a7de1b4bccebf5b141b6275e8110c5e',1,'448a4f808c684f3e','c6fecd1a8c9d529bc3340409715c19f3cafda0fdad91ceffd1cc7f99a440381a',0);
INSERT INTO "corpus_story" VALUES('1edd45fdc9fbcd136678cc4024a60f7b8a7de1b4bccebf5b141b6275e8110c5e',2,'be44804349149f3f','246d09187e04c116dfdbb37ddd83efced30974d7aaff17154bd6d0a5c3f0b437',0);
INSERT INTO "corpus_story" VALUES('1edd45fdc9fbcd136678cc4024a60f7b8a7de1b4bccebf5b141b6275e8110c5e',3,'e696cdff8468c30c','aedc3c4b315a3bc14540a5436850783fe0f94aedf9d784761de301b2bc855e4b',0);
CREATE TABLE decision (
	id VARCHAR NOT NULL, 
	fingerprints TEXT NOT NULL, 
	answer VARCHAR NOT NULL, 
	keep VARCHAR NOT NULL, 
	note TEXT NOT NULL, 
	about TEXT NOT NULL, 
	"values" TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	version VARCHAR NOT NULL, 
	run VARCHAR NOT NULL, 
	sovereignty VARCHAR DEFAULT '' NOT NULL, 
	CONSTRAINT pk_decision PRIMARY KEY (id)
);
INSERT INTO "decision" VALUES('ab03f00ff3b12c99b1b32637e9261efa0cdc1ce127ae7024d37ca7afb1a156b1','["243e1d9ee6fd1c4e8d5156670328909c77dc5e510b296f9e0d8bff08d11115cc","7357dd30a2712a0fb9b56de49af1b336cdfdbc8f2381b1bedc05d9728b4c1cf4"]','contradicting','','the board decides in May','number','["14 days","28 days"]','ann','2026-12-01T02:52:29.607992Z','proof-2','merge-20261201-025158-45ff','local');
INSERT INTO "decision" VALUES('970d5184dd1c0bc1646e61884be3bbef8e78fc26588fb35f24235ecdc7929ac8','["05a51448f97cce8a67c6526a1cb90f861654d6f018488f7112795524e442040d","1b0f85e630b2b5dd1930b5bbba74a55375884b602d46d5a54c922030ac9be691"]','one_need','1b0f85e630b2b5dd1930b5bbba74a55375884b602d46d5a54c922030ac9be691','','','[]','ann','2026-12-01T02:52:29.653063Z','proof-2','merge-20261201-025158-45ff','local');
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
INSERT INTO "document" VALUES('8b6a0474f647b46545b75f60c794fab2ef1bd275eb7a7e45010f80f2f398e216','cb9203049a9548c78654ce0eabcfa10de39c1a14fe6201e11382b394a7997ec5','markdown','utf-8',0,249,'{"sovereignty":"local"}','---
sovereignty: local
---
# Shop

- As a clerk, I want refunds within 14 days, so that customers stay.
- As a clerk, I want refunds within 28 days, so that customers stay.
- As a cook, I want to bake bread.
- As a cook, I want to bake fresh bread.
');
CREATE TABLE entry (
	run VARCHAR NOT NULL, 
	id VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	standing VARCHAR NOT NULL, 
	CONSTRAINT pk_entry PRIMARY KEY (run, id), 
	CONSTRAINT fk_entry_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "entry" VALUES('merge-20261201-025158-45ff','5dff5d58980cf3ea',0,'6db6efc330e49a48');
INSERT INTO "entry" VALUES('merge-20261201-025158-45ff','e22bd852dc73d17d',1,'448a4f808c684f3e');
INSERT INTO "entry" VALUES('merge-20261201-025158-45ff','fe941aa1b796c95b',2,'be44804349149f3f');
INSERT INTO "entry" VALUES('merge-20261201-025158-45ff','cdbbaaf1d6ef5c3a',3,'e696cdff8468c30c');
CREATE TABLE entry_line (
	run VARCHAR NOT NULL, 
	entry VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	field VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	stories TEXT NOT NULL, 
	CONSTRAINT pk_entry_line PRIMARY KEY (run, entry, position), 
	CONSTRAINT fk_entry_line_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "entry_line" VALUES('merge-20261201-025158-45ff','5dff5d58980cf3ea',0,'sentence','As a clerk, I want refunds within 14 days, so that customers stay.','["6db6efc330e49a48"]');
INSERT INTO "entry_line" VALUES('merge-20261201-025158-45ff','e22bd852dc73d17d',0,'sentence','As a clerk, I want refunds within 28 days, so that customers stay.','["448a4f808c684f3e"]');
INSERT INTO "entry_line" VALUES('merge-20261201-025158-45ff','fe941aa1b796c95b',0,'sentence','As a cook, I want to bake bread.','["be44804349149f3f"]');
INSERT INTO "entry_line" VALUES('merge-20261201-025158-45ff','cdbbaaf1d6ef5c3a',0,'sentence','As a cook, I want to bake fresh bread.','["e696cdff8468c30c"]');
CREATE TABLE entry_role (
	run VARCHAR NOT NULL, 
	entry VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	text TEXT NOT NULL, 
	stories TEXT NOT NULL, 
	CONSTRAINT pk_entry_role PRIMARY KEY (run, entry, position), 
	CONSTRAINT fk_entry_role_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "entry_role" VALUES('merge-20261201-025158-45ff','5dff5d58980cf3ea',0,'clerk','["6db6efc330e49a48"]');
INSERT INTO "entry_role" VALUES('merge-20261201-025158-45ff','e22bd852dc73d17d',0,'clerk','["448a4f808c684f3e"]');
INSERT INTO "entry_role" VALUES('merge-20261201-025158-45ff','fe941aa1b796c95b',0,'cook','["be44804349149f3f"]');
INSERT INTO "entry_role" VALUES('merge-20261201-025158-45ff','cdbbaaf1d6ef5c3a',0,'cook','["e696cdff8468c30c"]');
CREATE TABLE entry_source (
	run VARCHAR NOT NULL, 
	entry VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	CONSTRAINT pk_entry_source PRIMARY KEY (run, entry, position), 
	CONSTRAINT fk_entry_source_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "entry_source" VALUES('merge-20261201-025158-45ff','5dff5d58980cf3ea',0,'6db6efc330e49a48');
INSERT INTO "entry_source" VALUES('merge-20261201-025158-45ff','e22bd852dc73d17d',0,'448a4f808c684f3e');
INSERT INTO "entry_source" VALUES('merge-20261201-025158-45ff','fe941aa1b796c95b',0,'be44804349149f3f');
INSERT INTO "entry_source" VALUES('merge-20261201-025158-45ff','cdbbaaf1d6ef5c3a',0,'e696cdff8468c30c');
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
	past_runs INTEGER, 
	past_timed_runs INTEGER, 
	input_factor FLOAT, 
	output_factor FLOAT, 
	seconds_factor FLOAT, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_estimate PRIMARY KEY (id), 
	CONSTRAINT fk_estimate_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE, 
	CONSTRAINT fk_estimate_corpus_corpus FOREIGN KEY(corpus) REFERENCES corpus (sha256)
);
INSERT INTO "estimate" VALUES('94f741e2d7c423be81b20bfa9f9c48f1bf2ec7a7d25afd68fe3500fbf1564763','merge-20261201-025158-45ff','1edd45fdc9fbcd136678cc4024a60f7b8a7de1b4bccebf5b141b6275e8110c5e','f0dac152ddb6f40a199090d7f7f5eb20b89e3099dbe3a99d1ed545a5495f5b78','extractive','none',1,'',0,0,0,'',1,0,0,0,0,0,0,0,0,NULL,0,NULL,NULL,'2026-12-01','runs on this machine','[]',NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,'2026-12-01T02:51:58.885293Z');
CREATE TABLE extraction (
	sha256 VARCHAR NOT NULL, 
	variant VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_extraction PRIMARY KEY (sha256, variant)
);
INSERT INTO "extraction" VALUES('cb9203049a9548c78654ce0eabcfa10de39c1a14fe6201e11382b394a7997ec5','15:markdown:::00','{"shape":4,"document":{"sha256":"cb9203049a9548c78654ce0eabcfa10de39c1a14fe6201e11382b394a7997ec5","paths":["a.md"],"format":"markdown","text":"---\nsovereignty: local\n---\n# Shop\n\n- As a clerk, I want refunds within 14 days, so that customers stay.\n- As a clerk, I want refunds within 28 days, so that customers stay.\n- As a cook, I want to bake bread.\n- As a cook, I want to bake fresh bread.\n","blocks":[[0,27,"meta",{"line":1},0,[]],[29,33,"heading",{"line":4,"heading":["Shop"]},1,[]],[37,103,"item",{"line":6,"heading":["Shop"]},1,[]],[106,172,"item",{"line":7,"heading":["Shop"]},1,[]],[175,207,"item",{"line":8,"heading":["Shop"]},1,[]],[210,248,"item",{"line":9,"heading":["Shop"]},1,[]]],"encoding":"utf-8","guessed":false,"front_matter":{"sovereignty":"local"},"problem":null,"left_out":[]},"stories":[{"id":"6db6efc330e49a48","kind":"agile","source":{"document":"cb9203049a9548c78654ce0eabcfa10de39c1a14fe6201e11382b394a7997ec5","path":"a.md","locator":{"line":6,"heading":["Shop"]},"spans":[[37,103]],"key":"","written":null,"author":""},"text":"As a clerk, I want refunds within 14 days, so that customers stay.","role":"clerk","goal":"refunds within 14 days","benefit":"customers stay","criteria":[],"title":"","body":[]},{"id":"448a4f808c684f3e","kind":"agile","source":{"document":"cb9203049a9548c78654ce0eabcfa10de39c1a14fe6201e11382b394a7997ec5","path":"a.md","locator":{"line":7,"heading":["Shop"]},"spans":[[106,172]],"key":"","written":null,"author":""},"text":"As a clerk, I want refunds within 28 days, so that customers stay.","role":"clerk","goal":"refunds within 28 days","benefit":"customers stay","criteria":[],"title":"","body":[]},{"id":"be44804349149f3f","kind":"agile","source":{"document":"cb9203049a9548c78654ce0eabcfa10de39c1a14fe6201e11382b394a7997ec5","path":"a.md","locator":{"line":8,"heading":["Shop"]},"spans":[[175,207]],"key":"","written":null,"author":""},"text":"As a cook, I want to bake bread.","role":"cook","goal":"bake bread","benefit":"","criteria":[],"title":"","body":[]},{"id":"e696cdff8468c30c","kind":"agile","source":{"document":"cb9203049a9548c78654ce0eabcfa10de39c1a14fe6201e11382b394a7997ec5","path":"a.md","locator":{"line":9,"heading":["Shop"]},"spans":[[210,248]],"key":"","written":null,"author":""},"text":"As a cook, I want to bake fresh bread.","role":"cook","goal":"bake fresh bread","benefit":"","criteria":[],"title":"","body":[]}],"fingerprints":["243e1d9ee6fd1c4e8d5156670328909c77dc5e510b296f9e0d8bff08d11115cc","7357dd30a2712a0fb9b56de49af1b336cdfdbc8f2381b1bedc05d9728b4c1cf4","05a51448f97cce8a67c6526a1cb90f861654d6f018488f7112795524e442040d","1b0f85e630b2b5dd1930b5bbba74a55375884b602d46d5a54c922030ac9be691"],"told_by":"77e10f62d0ada56bdf43a8bf0a7065452e327ed3474cbbc9fb9e8cc2ff05b7a5","residue":[[0,37],[103,106],[172,175],[207,210],[248,249]]}','2026-12-01T02:51:58.854321Z');
CREATE TABLE failed_call (
	run VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	why TEXT NOT NULL, 
	CONSTRAINT pk_failed_call PRIMARY KEY (run, position), 
	CONSTRAINT fk_failed_call_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE fold (
	run VARCHAR NOT NULL, 
	entry VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	field VARCHAR NOT NULL, 
	text TEXT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	under VARCHAR NOT NULL, 
	rules TEXT NOT NULL, 
	otherwise TEXT NOT NULL, 
	reason TEXT NOT NULL, 
	likelihood FLOAT, 
	CONSTRAINT pk_fold PRIMARY KEY (run, entry, position), 
	CONSTRAINT fk_fold_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE glossary (
	kind VARCHAR NOT NULL, 
	text VARCHAR NOT NULL, 
	heading TEXT NOT NULL, 
	"by" TEXT NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_glossary PRIMARY KEY (kind, text)
);
CREATE TABLE judge_figure (
	record VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	answer VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	language VARCHAR NOT NULL, 
	n INTEGER NOT NULL, 
	false_positives INTEGER NOT NULL, 
	upper FLOAT NOT NULL, 
	positives INTEGER NOT NULL, 
	found INTEGER NOT NULL, 
	low FLOAT NOT NULL, 
	high FLOAT NOT NULL, 
	threshold FLOAT, 
	CONSTRAINT pk_judge_figure PRIMARY KEY (record, position), 
	CONSTRAINT fk_judge_figure_record_judge_record FOREIGN KEY(record) REFERENCES judge_record (id) ON DELETE CASCADE
);
CREATE TABLE judge_record (
	id VARCHAR NOT NULL, 
	model VARCHAR NOT NULL, 
	made VARCHAR(27) NOT NULL, 
	run VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pk_judge_record PRIMARY KEY (id)
);
CREATE TABLE judgement (
	run VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	a VARCHAR NOT NULL, 
	b VARCHAR NOT NULL, 
	answer VARCHAR NOT NULL, 
	judge VARCHAR NOT NULL, 
	record VARCHAR NOT NULL, 
	likelihood FLOAT, 
	acts BOOLEAN NOT NULL, 
	would BOOLEAN NOT NULL, 
	why VARCHAR NOT NULL, 
	CONSTRAINT pk_judgement PRIMARY KEY (run, position), 
	CONSTRAINT fk_judgement_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
CREATE TABLE kept (
	run VARCHAR NOT NULL, 
	units INTEGER NOT NULL, 
	standing INTEGER NOT NULL, 
	folded_proof INTEGER NOT NULL, 
	folded_judge INTEGER NOT NULL, 
	folded_person INTEGER NOT NULL, 
	missing TEXT NOT NULL, 
	faults TEXT NOT NULL, 
	CONSTRAINT pk_kept PRIMARY KEY (run), 
	CONSTRAINT fk_kept_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "kept" VALUES('merge-20261201-025158-45ff',4,4,0,0,0,'[]','[]');
CREATE TABLE ledger (
	run VARCHAR NOT NULL, 
	story VARCHAR NOT NULL, 
	outcome VARCHAR NOT NULL, 
	entry VARCHAR NOT NULL, 
	other VARCHAR NOT NULL, 
	reason TEXT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	rules TEXT NOT NULL, 
	judge VARCHAR NOT NULL, 
	record VARCHAR NOT NULL, 
	likelihood FLOAT, 
	at VARCHAR(27), 
	CONSTRAINT pk_ledger PRIMARY KEY (run, story), 
	CONSTRAINT fk_ledger_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "ledger" VALUES('merge-20261201-025158-45ff','6db6efc330e49a48','kept','5dff5d58980cf3ea','','nothing else says this','code','[]','','',NULL,NULL);
INSERT INTO "ledger" VALUES('merge-20261201-025158-45ff','448a4f808c684f3e','kept','e22bd852dc73d17d','','nothing else says this','code','[]','','',NULL,NULL);
INSERT INTO "ledger" VALUES('merge-20261201-025158-45ff','be44804349149f3f','kept','fe941aa1b796c95b','','nothing else says this','code','[]','','',NULL,NULL);
INSERT INTO "ledger" VALUES('merge-20261201-025158-45ff','e696cdff8468c30c','kept','cdbbaaf1d6ef5c3a','','nothing else says this','code','[]','','',NULL,NULL);
CREATE TABLE link (
	run VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	a VARCHAR NOT NULL, 
	b VARCHAR NOT NULL, 
	kind VARCHAR NOT NULL, 
	score FLOAT NOT NULL, 
	only_a TEXT NOT NULL, 
	only_b TEXT NOT NULL, 
	"by" VARCHAR NOT NULL, 
	CONSTRAINT pk_link PRIMARY KEY (run, position), 
	CONSTRAINT fk_link_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "link" VALUES('merge-20261201-025158-45ff',0,'5dff5d58980cf3ea','e22bd852dc73d17d','alike',1.0,'["14"]','["28"]','code');
INSERT INTO "link" VALUES('merge-20261201-025158-45ff',1,'fe941aa1b796c95b','cdbbaaf1d6ef5c3a','alike',0.703972910144625,'[]','["fresh"]','code');
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
INSERT INTO "plan" VALUES('f0dac152ddb6f40a199090d7f7f5eb20b89e3099dbe3a99d1ed545a5495f5b78','none','extractive',4,0,0,500000,500000,'window of 1,000,000 tokens less the longest reply','{}','2026-12-01T02:51:58.879567Z');
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
	found_by VARCHAR, 
	CONSTRAINT pk_planned_call PRIMARY KEY ("plan", position), 
	CONSTRAINT fk_planned_call_plan_plan FOREIGN KEY("plan") REFERENCES "plan" (sha256) ON DELETE CASCADE, 
	CONSTRAINT fk_planned_call_request_request FOREIGN KEY(request) REFERENCES request ("key")
);
CREATE TABLE planned_skip (
	"plan" VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_planned_skip PRIMARY KEY ("plan", position), 
	CONSTRAINT fk_planned_skip_plan_plan FOREIGN KEY("plan") REFERENCES "plan" (sha256) ON DELETE CASCADE
);
INSERT INTO "planned_skip" VALUES('f0dac152ddb6f40a199090d7f7f5eb20b89e3099dbe3a99d1ed545a5495f5b78',0,'6db6efc330e49a48','proof','no judge is asked');
INSERT INTO "planned_skip" VALUES('f0dac152ddb6f40a199090d7f7f5eb20b89e3099dbe3a99d1ed545a5495f5b78',1,'448a4f808c684f3e','proof','no judge is asked');
INSERT INTO "planned_skip" VALUES('f0dac152ddb6f40a199090d7f7f5eb20b89e3099dbe3a99d1ed545a5495f5b78',2,'be44804349149f3f','proof','no judge is asked');
INSERT INTO "planned_skip" VALUES('f0dac152ddb6f40a199090d7f7f5eb20b89e3099dbe3a99d1ed545a5495f5b78',3,'e696cdff8468c30c','proof','no judge is asked');
CREATE TABLE proposal (
	run VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	a VARCHAR NOT NULL, 
	b VARCHAR NOT NULL, 
	CONSTRAINT pk_proposal PRIMARY KEY (run, position), 
	CONSTRAINT fk_proposal_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "proposal" VALUES('merge-20261201-025158-45ff',0,'6db6efc330e49a48','448a4f808c684f3e');
INSERT INTO "proposal" VALUES('merge-20261201-025158-45ff',1,'be44804349149f3f','e696cdff8468c30c');
CREATE TABLE reading (
	id VARCHAR NOT NULL, 
	corpus VARCHAR NOT NULL, 
	record VARCHAR NOT NULL, 
	purpose VARCHAR NOT NULL, 
	a VARCHAR NOT NULL, 
	b VARCHAR NOT NULL, 
	"right" BOOLEAN NOT NULL, 
	"by" VARCHAR NOT NULL, 
	at VARCHAR(27) NOT NULL, 
	run VARCHAR NOT NULL, 
	CONSTRAINT pk_reading PRIMARY KEY (id)
);
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
	likelihoods TEXT, 
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
INSERT INTO "run" VALUES('merge-20261201-025158-45ff','merge','completed','extractive','','none','1edd45fdc9fbcd136678cc4024a60f7b8a7de1b4bccebf5b141b6275e8110c5e','f0dac152ddb6f40a199090d7f7f5eb20b89e3099dbe3a99d1ed545a5495f5b78','94f741e2d7c423be81b20bfa9f9c48f1bf2ec7a7d25afd68fe3500fbf1564763','{"paths":["a.md"],"local_only":[],"out":"merged"}','{}','vm:9914:2881261',1,NULL,'2026-12-01T02:51:58.877442Z','2026-12-01T02:51:59.890366Z','2026-12-01T02:51:59.890223Z');
CREATE TABLE run_cell (
	run VARCHAR NOT NULL, 
	cell VARCHAR NOT NULL, 
	reused BOOLEAN NOT NULL, 
	CONSTRAINT pk_run_cell PRIMARY KEY (run, cell), 
	CONSTRAINT fk_run_cell_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE, 
	CONSTRAINT fk_run_cell_cell_needle_cell FOREIGN KEY(cell) REFERENCES needle_cell ("key")
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
INSERT INTO "story" VALUES('18d74df0e15d73aadbcaab25b7720126b513f159751972bd3f3bc06944e17241','6db6efc330e49a48','8b6a0474f647b46545b75f60c794fab2ef1bd275eb7a7e45010f80f2f398e216','agile',37,103,'[[37,103]]','line 6, Shop','{"line":6,"heading":["Shop"]}','',NULL,'','243e1d9ee6fd1c4e8d5156670328909c77dc5e510b296f9e0d8bff08d11115cc','As a clerk, I want refunds within 14 days, so that customers stay.','','clerk','refunds within 14 days','customers stay','[]','[]');
INSERT INTO "story" VALUES('246d09187e04c116dfdbb37ddd83efced30974d7aaff17154bd6d0a5c3f0b437','be44804349149f3f','8b6a0474f647b46545b75f60c794fab2ef1bd275eb7a7e45010f80f2f398e216','agile',175,207,'[[175,207]]','line 8, Shop','{"line":8,"heading":["Shop"]}','',NULL,'','05a51448f97cce8a67c6526a1cb90f861654d6f018488f7112795524e442040d','As a cook, I want to bake bread.','','cook','bake bread','','[]','[]');
INSERT INTO "story" VALUES('aedc3c4b315a3bc14540a5436850783fe0f94aedf9d784761de301b2bc855e4b','e696cdff8468c30c','8b6a0474f647b46545b75f60c794fab2ef1bd275eb7a7e45010f80f2f398e216','agile',210,248,'[[210,248]]','line 9, Shop','{"line":9,"heading":["Shop"]}','',NULL,'','1b0f85e630b2b5dd1930b5bbba74a55375884b602d46d5a54c922030ac9be691','As a cook, I want to bake fresh bread.','','cook','bake fresh bread','','[]','[]');
INSERT INTO "story" VALUES('c6fecd1a8c9d529bc3340409715c19f3cafda0fdad91ceffd1cc7f99a440381a','448a4f808c684f3e','8b6a0474f647b46545b75f60c794fab2ef1bd275eb7a7e45010f80f2f398e216','agile',106,172,'[[106,172]]','line 7, Shop','{"line":7,"heading":["Shop"]}','',NULL,'','7357dd30a2712a0fb9b56de49af1b336cdfdbc8f2381b1bedc05d9728b4c1cf4','As a clerk, I want refunds within 28 days, so that customers stay.','','clerk','refunds within 28 days','customers stay','[]','[]');
CREATE TABLE training (
	id VARCHAR NOT NULL, 
	base VARCHAR NOT NULL, 
	base_sha256 VARCHAR NOT NULL, 
	out VARCHAR NOT NULL, 
	made VARCHAR(27) NOT NULL, 
	data_sha256 VARCHAR NOT NULL, 
	n_pairs INTEGER NOT NULL, 
	n_dev INTEGER NOT NULL, 
	seed INTEGER NOT NULL, 
	best_step INTEGER NOT NULL, 
	n_trained INTEGER NOT NULL, 
	seconds FLOAT NOT NULL, 
	told_bytes BIGINT NOT NULL, 
	peak_bytes BIGINT NOT NULL, 
	stopped VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	CONSTRAINT pk_training PRIMARY KEY (id)
);
CREATE TABLE training_loss (
	training VARCHAR NOT NULL, 
	part VARCHAR NOT NULL, 
	step INTEGER NOT NULL, 
	loss FLOAT NOT NULL, 
	CONSTRAINT pk_training_loss PRIMARY KEY (training, part, step), 
	CONSTRAINT fk_training_loss_training_training FOREIGN KEY(training) REFERENCES training (id) ON DELETE CASCADE
);
CREATE TABLE vector (
	encoder VARCHAR NOT NULL, 
	fingerprint VARCHAR NOT NULL, 
	passages INTEGER NOT NULL, 
	body BLOB NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_vector PRIMARY KEY (encoder, fingerprint)
);
CREATE INDEX ix_claim_asker ON claim (asker);
CREATE INDEX ix_judge_record_model ON judge_record (model);
CREATE INDEX ix_reading_corpus_record ON reading (corpus, record);
CREATE INDEX ix_document_sha256 ON document (sha256);
CREATE INDEX ix_planned_call_request ON planned_call (request);
CREATE INDEX ix_story_id ON story (id);
CREATE INDEX ix_story_fingerprint ON story (fingerprint);
CREATE INDEX ix_story_document ON story (document);
CREATE INDEX ix_corpus_document_document ON corpus_document (document);
CREATE INDEX ix_run_corpus ON run (corpus);
CREATE INDEX ix_run_started ON run (started);
CREATE INDEX ix_run_state_kind ON run (state, kind);
CREATE INDEX ix_needle_cell_request ON needle_cell (request);
CREATE INDEX ix_estimate_corpus ON estimate (corpus);
CREATE INDEX ix_estimate_run ON estimate (run);
CREATE INDEX ix_reply_request ON reply (request);
CREATE UNIQUE INDEX uq_reply_good_request ON reply (request) WHERE good;
CREATE INDEX ix_reply_run ON reply (run);
CREATE INDEX ix_batch_run ON batch (run);
CREATE INDEX ix_entry_source_run_story ON entry_source (run, story);
CREATE INDEX ix_fold_run_story ON fold (run, story);
CREATE INDEX ix_ledger_run_outcome ON ledger (run, outcome);
CREATE INDEX ix_corpus_story_story ON corpus_story (story);
CREATE INDEX ix_run_cell_cell ON run_cell (cell);
CREATE INDEX ix_batch_request_request ON batch_request (request);
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
               (SELECT count(*) FROM entry n WHERE n.run = r.id) AS entries,
               k.units, k.standing, k.folded_proof, k.folded_judge, k.folded_person,
               (SELECT count(*) FROM conflict x
                 WHERE x.run = r.id AND x.kind = 'conflict') AS conflicts,
               (SELECT count(*) FROM conflict x
                 WHERE x.run = r.id AND x.kind = 'possible') AS possible_conflicts,
               (SELECT count(*) FROM proposal p WHERE p.run = r.id) AS proposals,
               (SELECT count(*) FROM failed_call f WHERE f.run = r.id) AS failed_calls,
               (SELECT count(*) FROM run_cell n WHERE n.run = r.id) AS cells,
               r.attempts, r.plan_sha256, e.plan_sha256 AS estimated_plan_sha256, r.error
          FROM run r
          LEFT JOIN corpus c ON c.sha256 = r.corpus
          LEFT JOIN estimate e ON e.id = r.estimate
          LEFT JOIN actual a ON a.run = r.id
          LEFT JOIN kept k ON k.run = r.id;
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
CREATE VIEW v_ledger AS 
        SELECT l.run, cs.position, 'S-' || (cs.position + 1) AS name, l.story, s.kind,
               substr(s.text, 1, 200) AS excerpt, d.path, s.place, l.outcome, l.entry,
               'E-' || (n.position + 1) AS entry_name, l.other,
               'S-' || (o.position + 1) AS other_name, l.reason, l."by", l.rules, l.judge,
               l.record, l.likelihood, l."at"
          FROM ledger l
          JOIN run r ON r.id = l.run
          JOIN corpus_story cs ON cs.corpus = r.corpus AND cs.id = l.story
          JOIN corpus_document d ON d.corpus = cs.corpus AND d.position = cs.document_position
          JOIN story s ON s.key = cs.story
          LEFT JOIN entry n ON n.run = l.run AND n.id = l.entry
          LEFT JOIN corpus_story o ON o.corpus = r.corpus AND o.id = l.other AND l.other <> '';
CREATE VIEW v_entries AS 
        SELECT n.run, n.position, 'E-' || (n.position + 1) AS name, n.id AS entry, n.standing,
               (SELECT t.text FROM entry_line t WHERE t.run = n.run AND t.entry = n.id
                 ORDER BY CASE t.field WHEN 'sentence' THEN 0 ELSE 1 END, t.position
                 LIMIT 1) AS sentence,
               (SELECT count(*) FROM entry_source t
                 WHERE t.run = n.run AND t.entry = n.id) AS tellings_n,
               (SELECT count(*) FROM entry_role t
                 WHERE t.run = n.run AND t.entry = n.id) AS roles_n,
               (SELECT count(*) FROM entry_line t
                 WHERE t.run = n.run AND t.entry = n.id) AS lines_n,
               (SELECT count(*) FROM fold t WHERE t.run = n.run AND t.entry = n.id) AS folds_n
          FROM entry n;
CREATE VIEW v_folds AS 
        SELECT f.run, f.entry, 'E-' || (n.position + 1) AS entry_name, f.position,
               f.story, 'S-' || (cs.position + 1) AS name, f.field, f.text, f."by", f.under,
               'S-' || (u.position + 1) AS under_name, f.rules, f.otherwise, f.reason,
               f.likelihood, d.path, s.place
          FROM fold f
          JOIN run r ON r.id = f.run
          JOIN corpus_story cs ON cs.corpus = r.corpus AND cs.id = f.story
          JOIN corpus_document d ON d.corpus = cs.corpus AND d.position = cs.document_position
          JOIN story s ON s.key = cs.story
          JOIN entry n ON n.run = f.run AND n.id = f.entry
          LEFT JOIN corpus_story u ON u.corpus = r.corpus AND u.id = f.under;
CREATE VIEW v_conflicts AS 
        SELECT k.run, k.position AS conflict, k.id, k.kind, k.about, k."by", k.reason,
               p.position AS side, p.story, 'S-' || (cs.position + 1) AS name, p.text, p.differs,
               d.path, s.place, s.written, s.author
          FROM conflict k
          JOIN conflict_side p
            ON p.run = k.run AND p.conflict = k.position
          JOIN run r ON r.id = p.run
          JOIN corpus_story cs ON cs.corpus = r.corpus AND cs.id = p.story
          JOIN corpus_document d ON d.corpus = cs.corpus AND d.position = cs.document_position
          JOIN story s ON s.key = cs.story;
CREATE VIEW v_links AS 
        SELECT l.run, l.position, l.kind, l.score, l."by", l.a, 'E-' || (a.position + 1) AS a_name,
               l.b, 'E-' || (b.position + 1) AS b_name, l.only_a, l.only_b
          FROM link l
          JOIN entry a ON a.run = l.run AND a.id = l.a
          JOIN entry b ON b.run = l.run AND b.id = l.b;
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
CREATE VIEW v_records AS 
        SELECT r.id AS record, r.model, r.made, r.run, f.position, f.answer, f.kind, f.language,
               f.n, f.false_positives,
               CASE WHEN f.n > 0 THEN f.false_positives * 1.0 / f.n END AS false_positive_rate,
               f.upper AS false_positive_upper, f.positives,
               CASE WHEN f.positives > 0 THEN f.found * 1.0 / f.positives END AS recall,
               f.low AS recall_low, f.high AS recall_high, f.threshold
          FROM judge_record r
          JOIN judge_figure f ON f.record = r.id;
CREATE VIEW v_judgements AS 
        SELECT j.run, j.position, j.a, 'S-' || (sa.position + 1) AS a_name, j.b,
               'S-' || (sb.position + 1) AS b_name, j.answer, j.judge, j.record, j.likelihood,
               j.acts, j.would, j.why
          FROM judgement j
          JOIN run r ON r.id = j.run
          JOIN corpus_story sa ON sa.corpus = r.corpus AND sa.id = j.a
          JOIN corpus_story sb ON sb.corpus = r.corpus AND sb.id = j.b;
CREATE VIEW v_trainings AS 
        SELECT t.id AS adapter, t.base, t.out, t.made, t.n_pairs, t.n_trained, t.seed, t.best_step,
               (SELECT MIN(l.loss) FROM training_loss l
                 WHERE l.training = t.id AND l.part = 'dev') AS dev_loss,
               t.seconds, t.told_bytes, t.peak_bytes, t.stopped, t.data_sha256
          FROM training t
         ORDER BY t.made DESC;
COMMIT;
