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
INSERT INTO "actual" VALUES('merge-20261121-221519-e1f1',0,0,0,0,0,2.30158684003981761634e-01,143286272,0,'',0,0,0,0.0,NULL,0.0,'desk: CPU, 1 thread');
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('0006');
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
INSERT INTO "conflict" VALUES('merge-20261121-221519-e1f1',0,'number','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”');
CREATE TABLE conflict_side (
	run VARCHAR NOT NULL, 
	"conflict" INTEGER NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	value TEXT NOT NULL, 
	CONSTRAINT pk_conflict_side PRIMARY KEY (run, "conflict", position), 
	CONSTRAINT fk_conflict_side_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "conflict_side" VALUES('merge-20261121-221519-e1f1',0,0,'d01930e00101e86d','14 days');
INSERT INTO "conflict_side" VALUES('merge-20261121-221519-e1f1',0,1,'84a9f8b4e3f76249','28 days');
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
INSERT INTO "corpus" VALUES('57204597805604be9d20d3ad2bc5b4badd6484b8cec431f070738388f641e32b',1,5,88,368,23,'2026-11-21T22:15:19.413253Z');
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
INSERT INTO "corpus_document" VALUES('57204597805604be9d20d3ad2bc5b4badd6484b8cec431f070738388f641e32b',0,'e769b75154aa224e5984eabc223dd395dbfa8cf3549e04548f065700b12f1c24','desk.md','["desk.md"]',NULL,5,'[[0,10],[78,81],[144,147],[219,222],[294,297],[367,368]]',23);
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
INSERT INTO "corpus_story" VALUES('57204597805604be9d20d3ad2bc5b4badd6484b8cec431f070738388f641e32b',0,'a3fc7369a55ac9ad','a586ea8b0ee887ef27007a85b9e5fa37f96cd9a0f9875b64e26e8024ad6cbe43',0);
INSERT INTO "corpus_story" VALUES('57204597805604be9d20d3ad2bc5b4badd6484b8cec431f070738388f641e32b',1,'8f5bb4105ed7a438','0364c1d141c7dbe8ef4b681f21911d6987c221e7be634dff94f458ac5ebd61d3',0);
INSERT INTO "corpus_story" VALUES('57204597805604be9d20d3ad2bc5b4badd6484b8cec431f070738388f641e32b',2,'d01930e00101e86d','d89c3b0976854e8ededb6c82991148c328583be739b6eced1177076ed8d015f7',0);
INSERT INTO "corpus_story" VALUES('57204597805604be9d20d3ad2bc5b4badd6484b8cec431f070738388f641e32b',3,'84a9f8b4e3f76249','2194544032916359495385c1e35f9f4a4e1b8c8e374ec9cd72a20ecb46f8b649',0);
INSERT INTO "corpus_story" VALUES('57204597805604be9d20d3ad2bc5b4badd6484b8cec431f070738388f641e32b',4,'d39a922b1808e032','869019845a35ba1153ad4d5d63b41faf181d7327782d3fbe927b10b55c0e961f',0);
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
INSERT INTO "document" VALUES('e769b75154aa224e5984eabc223dd395dbfa8cf3549e04548f065700b12f1c24','e760a68af7fcae0ab3c711f319b6ac2f255d8cdd4ad5525ef4898aba7333ab8c','markdown','utf-8',0,368,'{}','# Desk

- As a reader, I want to reserve a book, so that nobody else takes it.
- As a reader, I want to reserve a book, so that nobody takes it.
- As a reader, I want to keep a book for 14 days, so that I can finish it.
- As a reader, I want to keep a book for 28 days, so that I can finish it.
- As a librarian, I want to print a label, so that I can find the shelf.
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
INSERT INTO "edit" VALUES('merge-20261121-221519-e1f1',0,'same','["a3fc7369a55ac9ad","8f5bb4105ed7a438"]','a3fc7369a55ac9ad','null','','[]','each says what the other says');
INSERT INTO "edit" VALUES('merge-20261121-221519-e1f1',1,'conflict','["d01930e00101e86d","84a9f8b4e3f76249"]','','null','number','["14 days","28 days"]','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”');
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
INSERT INTO "estimate" VALUES('2f50f19df6031585181617cede2fccc9be9c417cad8d943aa82c755aa6246b14','merge-20261121-221519-e1f1','57204597805604be9d20d3ad2bc5b4badd6484b8cec431f070738388f641e32b','ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b','extractive','edit',1,'',0,0,0,'',1,0,0,0,0,0,0,0,0,NULL,0,NULL,NULL,'2026-11-21','runs on this machine','[]',NULL,NULL,NULL,NULL,NULL,'2026-11-21T22:15:19.608859Z',NULL,NULL,NULL,NULL,NULL);
CREATE TABLE extraction (
	sha256 VARCHAR NOT NULL, 
	variant VARCHAR NOT NULL, 
	body TEXT NOT NULL, 
	created VARCHAR(27) NOT NULL, 
	CONSTRAINT pk_extraction PRIMARY KEY (sha256, variant)
);
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
INSERT INTO "ledger" VALUES('merge-20261121-221519-e1f1','a3fc7369a55ac9ad','kept','bbfa3a0089660c67','',NULL,'stands for 2 stories','code');
INSERT INTO "ledger" VALUES('merge-20261121-221519-e1f1','8f5bb4105ed7a438','duplicate_of','bbfa3a0089660c67','a3fc7369a55ac9ad','same','each says what the other says','code');
INSERT INTO "ledger" VALUES('merge-20261121-221519-e1f1','d01930e00101e86d','conflict_with','16c9acab239bef76','84a9f8b4e3f76249','conflict','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”','code');
INSERT INTO "ledger" VALUES('merge-20261121-221519-e1f1','84a9f8b4e3f76249','conflict_with','5904ba0c5edc2678','d01930e00101e86d','conflict','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”','code');
INSERT INTO "ledger" VALUES('merge-20261121-221519-e1f1','d39a922b1808e032','kept','4b19f15da787511b','',NULL,'nothing else says this','code');
CREATE TABLE merged_source (
	run VARCHAR NOT NULL, 
	merged VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	CONSTRAINT pk_merged_source PRIMARY KEY (run, merged, position), 
	CONSTRAINT fk_merged_source_run_run FOREIGN KEY(run) REFERENCES run (id) ON DELETE CASCADE
);
INSERT INTO "merged_source" VALUES('merge-20261121-221519-e1f1','bbfa3a0089660c67',0,'a3fc7369a55ac9ad');
INSERT INTO "merged_source" VALUES('merge-20261121-221519-e1f1','bbfa3a0089660c67',1,'8f5bb4105ed7a438');
INSERT INTO "merged_source" VALUES('merge-20261121-221519-e1f1','16c9acab239bef76',0,'d01930e00101e86d');
INSERT INTO "merged_source" VALUES('merge-20261121-221519-e1f1','5904ba0c5edc2678',0,'84a9f8b4e3f76249');
INSERT INTO "merged_source" VALUES('merge-20261121-221519-e1f1','4b19f15da787511b',0,'d39a922b1808e032');
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
INSERT INTO "merged_story" VALUES('merge-20261121-221519-e1f1','bbfa3a0089660c67',0,'kept','','','reader','reserve a book','nobody else takes it','[]','[]');
INSERT INTO "merged_story" VALUES('merge-20261121-221519-e1f1','16c9acab239bef76',1,'kept','','','reader','keep a book for 14 days','I can finish it','[]','[]');
INSERT INTO "merged_story" VALUES('merge-20261121-221519-e1f1','5904ba0c5edc2678',2,'kept','','','reader','keep a book for 28 days','I can finish it','[]','[]');
INSERT INTO "merged_story" VALUES('merge-20261121-221519-e1f1','4b19f15da787511b',3,'kept','','','librarian','print a label','I can find the shelf','[]','[]');
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
INSERT INTO "plan" VALUES('ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b','edit','extractive',5,2,0,500000,500000,'window of 1,000,000 tokens less the longest reply','{}','2026-11-21T22:15:19.606965Z');
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
INSERT INTO "planned_cluster" VALUES('ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b',0,'same',1.0,'each says what the other says','','[]','["a3fc7369a55ac9ad","8f5bb4105ed7a438"]');
INSERT INTO "planned_cluster" VALUES('ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b',1,'conflict',1.0,'they differ in number: “keep a book for 14 days” against “keep a book for 28 days”','number','["14 days","28 days"]','["d01930e00101e86d","84a9f8b4e3f76249"]');
CREATE TABLE planned_skip (
	"plan" VARCHAR NOT NULL, 
	position INTEGER NOT NULL, 
	story VARCHAR NOT NULL, 
	reason VARCHAR NOT NULL, 
	detail TEXT NOT NULL, 
	CONSTRAINT pk_planned_skip PRIMARY KEY ("plan", position), 
	CONSTRAINT fk_planned_skip_plan_plan FOREIGN KEY("plan") REFERENCES "plan" (sha256) ON DELETE CASCADE
);
INSERT INTO "planned_skip" VALUES('ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b',0,'a3fc7369a55ac9ad','same','each says what the other says');
INSERT INTO "planned_skip" VALUES('ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b',1,'8f5bb4105ed7a438','same','each says what the other says');
INSERT INTO "planned_skip" VALUES('ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b',2,'d01930e00101e86d','conflict','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”');
INSERT INTO "planned_skip" VALUES('ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b',3,'84a9f8b4e3f76249','conflict','they differ in number: “keep a book for 14 days” against “keep a book for 28 days”');
INSERT INTO "planned_skip" VALUES('ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b',4,'d39a922b1808e032','single','');
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
INSERT INTO "run" VALUES('merge-20261121-221519-e1f1','merge','completed','extractive','','edit','57204597805604be9d20d3ad2bc5b4badd6484b8cec431f070738388f641e32b','ead0f7180ad0e78f7150d067a37ecd622b2178226d61991bfa3899a2f4639d4b','2f50f19df6031585181617cede2fccc9be9c417cad8d943aa82c755aa6246b14','{"paths":["desk.md"],"about":[],"allow_cloud":false,"out":"merged","max_usd":null,"batch":false}','{}','desk:1:1',1,NULL,'2026-11-21T22:15:19.604428Z','2026-11-21T22:15:19.649433Z','2026-11-21T22:15:19.649311Z');
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
INSERT INTO "story" VALUES('0364c1d141c7dbe8ef4b681f21911d6987c221e7be634dff94f458ac5ebd61d3','8f5bb4105ed7a438','e769b75154aa224e5984eabc223dd395dbfa8cf3549e04548f065700b12f1c24','agile',81,144,'[[81,144]]','line 4, Desk','{"line":4,"heading":["Desk"]}','',NULL,'','7df01edc7ccc8ea60e8acfe3c5ff515ebbfbea5669d769db24d1a9386209fc81','As a reader, I want to reserve a book, so that nobody takes it.','','reader','reserve a book','nobody takes it','[]','[]');
INSERT INTO "story" VALUES('2194544032916359495385c1e35f9f4a4e1b8c8e374ec9cd72a20ecb46f8b649','84a9f8b4e3f76249','e769b75154aa224e5984eabc223dd395dbfa8cf3549e04548f065700b12f1c24','agile',222,294,'[[222,294]]','line 6, Desk','{"line":6,"heading":["Desk"]}','',NULL,'','df621bfa580ba504fea2c9d37391f1d894eab7427a24e64bf3ff353cb07281f8','As a reader, I want to keep a book for 28 days, so that I can finish it.','','reader','keep a book for 28 days','I can finish it','[]','[]');
INSERT INTO "story" VALUES('869019845a35ba1153ad4d5d63b41faf181d7327782d3fbe927b10b55c0e961f','d39a922b1808e032','e769b75154aa224e5984eabc223dd395dbfa8cf3549e04548f065700b12f1c24','agile',297,367,'[[297,367]]','line 7, Desk','{"line":7,"heading":["Desk"]}','',NULL,'','872aa1a9756312d24abd7b332c26630451a697a315b7ad90f39a787f64402f5e','As a librarian, I want to print a label, so that I can find the shelf.','','librarian','print a label','I can find the shelf','[]','[]');
INSERT INTO "story" VALUES('a586ea8b0ee887ef27007a85b9e5fa37f96cd9a0f9875b64e26e8024ad6cbe43','a3fc7369a55ac9ad','e769b75154aa224e5984eabc223dd395dbfa8cf3549e04548f065700b12f1c24','agile',10,78,'[[10,78]]','line 3, Desk','{"line":3,"heading":["Desk"]}','',NULL,'','a040850f8df332c6f49a17e5b590393f0baa43528d2433ebb57b05f34841451b','As a reader, I want to reserve a book, so that nobody else takes it.','','reader','reserve a book','nobody else takes it','[]','[]');
INSERT INTO "story" VALUES('d89c3b0976854e8ededb6c82991148c328583be739b6eced1177076ed8d015f7','d01930e00101e86d','e769b75154aa224e5984eabc223dd395dbfa8cf3549e04548f065700b12f1c24','agile',147,219,'[[147,219]]','line 5, Desk','{"line":5,"heading":["Desk"]}','',NULL,'','a55bc2ffb25d15c8e395da5402b01834fd26aea64a2f38e7f897a2db33b8575d','As a reader, I want to keep a book for 14 days, so that I can finish it.','','reader','keep a book for 14 days','I can finish it','[]','[]');
CREATE TABLE token_count (
	counter VARCHAR NOT NULL, 
	sha256 VARCHAR NOT NULL, 
	n INTEGER NOT NULL, 
	CONSTRAINT pk_token_count PRIMARY KEY (counter, sha256)
);
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
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','bbfa3a0089660c67',0,'final','role','reader',1,'[]','[["a3fc7369a55ac9ad",15,21],["8f5bb4105ed7a438",86,92]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','bbfa3a0089660c67',1,'final','goal','reserve a book',1,'[]','[["a3fc7369a55ac9ad",33,47],["8f5bb4105ed7a438",104,118]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','bbfa3a0089660c67',2,'final','benefit','nobody else takes it',1,'[]','[["a3fc7369a55ac9ad",57,77]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','16c9acab239bef76',0,'final','role','reader',1,'[]','[["d01930e00101e86d",152,158]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','16c9acab239bef76',1,'final','goal','keep a book for 14 days',1,'[]','[["d01930e00101e86d",170,193]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','16c9acab239bef76',2,'final','benefit','I can finish it',1,'[]','[["d01930e00101e86d",203,218]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','5904ba0c5edc2678',0,'final','role','reader',1,'[]','[["84a9f8b4e3f76249",227,233]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','5904ba0c5edc2678',1,'final','goal','keep a book for 28 days',1,'[]','[["84a9f8b4e3f76249",245,268]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','5904ba0c5edc2678',2,'final','benefit','I can finish it',1,'[]','[["84a9f8b4e3f76249",278,293]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','4b19f15da787511b',0,'final','role','librarian',1,'[]','[["d39a922b1808e032",302,311]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','4b19f15da787511b',1,'final','goal','print a label',1,'[]','[["d39a922b1808e032",323,336]]');
INSERT INTO "verdict" VALUES('merge-20261121-221519-e1f1','4b19f15da787511b',2,'final','benefit','I can find the shelf',1,'[]','[["d39a922b1808e032",346,366]]');
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
