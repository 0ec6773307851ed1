"""Every bound of the system, stated once with its reason. Units stand in the names.

What can be governed (block sizes, time-outs, windows) stands in `chain.parameters`; here stand the walls around
it that no vote can move.
"""

# --- Encoding -------------------------------------------------------------------------------------------------
UINT64_MAX = 2**64 - 1  # CBOR's own integers; larger numbers travel as 32-byte strings
INT64_MIN = -(2**63)
CODEC_DEPTH_MAX = 16  # our deepest structure (a list of records in call arguments) needs 9

# --- Names and texts ------------------------------------------------------------------------------------------
CHAIN_ID_BYTES_MAX = 50  # CometBFT's limit, so that its tools accept ours
NAME_BYTES_MAX = 64  # contract, method, event, validator and node names
MESSAGE_BYTES_MAX = 512  # a clause text with its values left out

# --- Transactions ---------------------------------------------------------------------------------------------
TRANSACTION_BYTES_MAX = 128 * 1024  # a sealed bid of the largest size class, twice
TRANSACTION_CALLS_MAX = 16  # enough for "grant, publish, announce" in one act; bounds the undo log
ARGUMENTS_MAX = 32  # parameters of one method
LIST_ITEMS_MAX = 1_000  # items of one list argument
WINDOW_MS_MAX = 3_600_000  # longest validity of a transaction: so far back a node looks for one carried out
NONCE_BYTES = 16  # chance that never collides within a window
GAS_LIMIT_MAX = 2**30 - 1  # a transaction's gas stays below 2^30, so that meters fit a machine word

# --- Blocks ---------------------------------------------------------------------------------------------------
BLOCK_BYTES_MAX = (
    16 * 1024 * 1024
)  # wall around the governed size of all bodies; it must fit memory many times
BLOCK_TRANSACTIONS_MAX = 10_000  # ids of a compact proposal: 320 kB
BLOCK_EVIDENCE_MAX = 16  # each costs two signature checks
PARAMETERS_BYTES_MAX = 256  # a dozen whole numbers
HEADER_BYTES_MAX = 1024  # fixed fields, generous

# --- Validators -----------------------------------------------------------------------------------------------
VALIDATORS_MAX = 128  # a certificate of all of them is 8 kB and verifies in about 12 ms
VOTING_POWER_MAX = 2**32  # of one validator; sums stay far below 2^53, so JSON numbers hold them
ROUNDS_MAX = 2**31 - 1  # a counter that nobody reaches, but a message may claim
HEIGHT_MAX = 2**63 - 1
VOTE_BYTES_MAX = 256  # a signed vote
EVIDENCE_BYTES_MAX = 2 * VOTE_BYTES_MAX + 16
CERTIFICATE_BYTES_MAX = VALIDATORS_MAX * 67 + 128
COMPACT_BLOCK_BYTES_MAX = (
    BLOCK_TRANSACTIONS_MAX * 34
    + HEADER_BYTES_MAX
    + CERTIFICATE_BYTES_MAX
    + BLOCK_EVIDENCE_MAX * EVIDENCE_BYTES_MAX
    + 64
)
PROPOSAL_BYTES_MAX = COMPACT_BLOCK_BYTES_MAX + 256
BLOCK_ENCODED_BYTES_MAX = (
    BLOCK_BYTES_MAX
    + BLOCK_TRANSACTIONS_MAX * 5
    + HEADER_BYTES_MAX
    + CERTIFICATE_BYTES_MAX
    + BLOCK_EVIDENCE_MAX * EVIDENCE_BYTES_MAX
    + 64
)  # the largest bodies that can be governed, and what stands around them

# --- Results --------------------------------------------------------------------------------------------------
EVENTS_PER_TRANSACTION_MAX = 64
EVENT_BYTES_MAX = 16 * 1024
TRAP_VALUES_MAX = 4  # values a clause message may carry
TRAP_VALUE_LENGTH_MAX = (
    256  # bytes, or characters of a text, that are kept of each: a refused transaction pays for no more
)
ANSWER_BYTES_MAX = 64 * 1024  # what one call of a transaction gives back
VIEW_ANSWER_BYTES_MAX = 2 * 1024 * 1024  # what a view answers: a thousand bids with their reasons

# --- Evidence -------------------------------------------------------------------------------------------------
EVIDENCE_AGE_BLOCKS_MAX = 100_000  # a day of one block a second; evidence expires when it is older than both
EVIDENCE_AGE_MS_MAX = (
    14 * 24 * 3_600_000
)  # nobody is at a desk in the longest holidays; an auditor comes back
EVIDENCE_PENDING_PER_VALIDATOR_MAX = 4  # one convicts; so none crowds out what is held against others
EVIDENCE_PENDING_MAX = EVIDENCE_PENDING_PER_VALIDATOR_MAX * VALIDATORS_MAX  # 270 kB
EVIDENCE_OBSERVED_MAX = (
    64  # own observations that wait for the disk; the votes come again with the next start
)
EVIDENCE_WAKES_BLOCKS_MAX = (
    16  # blocks that one piece may call for; what nobody takes must not make blocks for ever
)
EVIDENCE_WAKES_PIECES_MAX = (
    16  # of one validator, of a node's life, that call for blocks; a key can sign contradictions for ever
)
EVIDENCE_REPEAT_BLOCKS = 16  # what still waits is told again after so many, to whoever was behind before
EVIDENCE_ROWS_FORGOTTEN = 2 * BLOCK_EVIDENCE_MAX  # expired rows that a block lets go: twice what it can bring

# --- Store, log and signer ------------------------------------------------------------------------------------
STORE_WRITE_BUFFER_BYTES = 16 * 1024 * 1024  # four of the largest blocks before LevelDB writes a table
STORE_OPEN_FILES_MAX = 256  # leaves room for links and requests under the usual limit of 1,024
STORE_RECORD_BYTES_MAX = (
    1024 * 1024 * 1024
)  # what this node wrote itself; bounds nothing but a damaged length
STORE_CHECKED_BLOCKS = (
    16  # newest blocks that are checked at every start: under a second even if each is full
)
DISK_FREE_BYTES_MIN = 1024**3  # a few days of a busy pilot; below it an examination calls the disk full
STATE_VERSIONS_KEPT = 100  # heights whose state can be read and proved, unless the operator says otherwise
STATE_VERSIONS_PRUNED = (
    2  # older heights that a block lets go, so that a backlog ends and no block waits for it
)
PRUNED_BLOCKS_AT_ONCE = 64  # that retention lets go of in one batch: a commit waits for it a few milliseconds
COMPACTED_BYTES_MAX = 64 * 1024 * 1024  # of one range: some two seconds, for which an ending node waits
GROWTH_RECORD_BYTES_MAX = 16 * 1024  # sizes of the last week: some 230, of 20 bytes each
STATE_PAGES_BYTES_MAX = (
    128 * 1024 * 1024
)  # pages of the state tree in memory: all of a million entries take 90 MB
SIGNER_ENTRIES_MAX = 4_096  # 1 MB of record before it begins anew
SIGNER_ENTRIES_KEPT = 512  # 170 rounds in which identical bytes may still be given again

COMMITS_MAX = 8_192  # 1 MB of this node's own log of commits before it begins anew
COMMITS_KEPT = 4_096  # an hour of a busy network: more than a disk keeps back without having written it

# --- Divergence -----------------------------------------------------------------------------------------------
DIVERGED_KEPT_MAX = 1_000  # heights at which one home has stopped; each was somebody's decision
DIVERGED_PAGES_MAX = 10_000  # of each tree that a comparison reads: far more than the way to a few keys
DIVERGED_SHOWN_MAX = 20  # differing keys that it names

# --- Repair of a damaged store ----------------------------------------------------------------------------------
ROWS_PER_REQUEST_MAX = 64  # state entries that a node whose disk has lost some asks for at once
ROWS_KEY_BYTES_MAX = ROWS_PER_REQUEST_MAX * 32  # their hashes
ROWS_MAX = 2 * ROWS_PER_REQUEST_MAX  # keys and values in turn
ROWS_ANSWER_BYTES_MAX = 16 * 1024 * 1024  # results of the largest block; of entries as many as fit
REPAIR_ANSWER_SECONDS = 10.0  # for the largest answer over 16 Mbit/s; then another node is asked
REPAIR_PATIENCE_SECONDS = 120.0  # without any node that answers; then the start ends and says what is missing
REPAIR_ROUNDS_MAX = 6  # of asking everybody who has a link, before nobody has it
REPAIRS_MAX = 3  # of one store in one run of the program: a disk that goes on decaying wants another disk
REPAIR_BATCH_BYTES = 1024 * 1024  # rows that go into the new store together
SCRUB_BUSY_SECONDS = (
    10  # at most so long a slice waits for an idle moment: a network that is never idle decays as well
)
SCRUB_REST_SECONDS = 3_600.0  # between two passes
WALK_ROWS = 500  # rows or leaves that one step of a walk through the ledger reads: some milliseconds
WALK_BLOCK_BYTES = (
    32 * 1024
)  # what checking a block's certificate counts as, beside its bytes: a third of a millisecond
QUARANTINED_NOTES_KEPT = 200  # a few hundred bytes each
QUARANTINED_STORES_KEPT = 2  # each as large as the ledger; the one before may tell the same story

# --- Key files and configuration --------------------------------------------------------------------------------
KEY_FILE_BYTES_MAX = 4 * 1024  # a dozen short lines
KEY_OPERATIONS_MAX = 64  # a changed file must not keep the start busy for minutes
KEY_MEMORY_BYTES_MAX = 1024 * 1024 * 1024
CONFIG_FILE_BYTES_MAX = 256 * 1024  # sixty keys, comments, and a few hundred peers
CONFIG_ITEMS_MAX = 512  # peers or API keys in one list

BACKUP_FILES_MAX = 64  # a node has four; an operator may keep a few beside them
BACKUP_FILE_BYTES_MAX = 32 * 1024 * 1024  # twice the largest genesis document
GENESIS_FILE_BYTES_MAX = 16 * 1024 * 1024  # a few hundred members and a dozen contracts take a tenth

# --- Admission and mempool --------------------------------------------------------------------------------------
MEMPOOL_STALE_ENTRIES_MAX = (
    1_000  # entries of its heaps that may speak of transactions gone, before they are rebuilt
)
ADMISSION_CHUNK = 32  # transactions checked in one hop to a thread: about 3 ms of work for 0.1 ms of hop
ADMISSION_BATCH_MAX = 1_000  # transactions admitted by one call; a caller with more waits its turn between

# --- Pilot ----------------------------------------------------------------------------------------------------
PILOT_LINE_BYTES_MAX = 16 * 1024 * 1024  # one compiled release; the largest seen has 234 bids and 150 kB
PILOT_BIDS_MAX = 500  # bids of one release, as many as a tender takes bidders
PILOT_ROUNDS_MAX = (
    20  # times one recorded tender is published again when a run before it, or a slow network, took its name
)
PILOT_TENDERS_AT_ONCE = 100  # tenders in progress; the next one starts when one ends
PILOT_SENT_MAX = (
    2_000  # transactions of a run that wait for their block at once; the rest waits here and not in nodes
)
PILOT_BATCH_MAX = 200  # transactions handed to a node in one request
GATEWAY_ANSWER_BYTES_MAX = 1024 * 1024  # how a payment gateway is, with a thousand alarms

# --- Node -----------------------------------------------------------------------------------------------------
INBOX_ITEMS_MAX = 1_000  # items wait only while a block is executed; beyond, links are read more slowly
PROPOSALS_WAITING_MAX = 1_000  # that wait for a task; one validator makes one a round
PUSHES_WAITING_MAX = 10_000  # batches of all links, if they are small; beyond, they are asked for again
BLOCK_READERS_MAX = 4  # threads that read blocks for peers; the log and the signer must not wait for one
CONTRACTS_LISTED_MAX = 1_000  # contracts in one answer

# --- Sealed envelopes -----------------------------------------------------------------------------------------
ENVELOPE_DOCUMENT_BYTES_MAX = (
    8 * 1024 - 4
)  # with its length, the size class of 8 kB; documents go by hash, not inside

# --- Documents ------------------------------------------------------------------------------------------------
DOCUMENT_CONTENT_BYTES_MAX = (
    16 * 1024 * 1024
)  # name, document and padding: a scanned contract, a drawing; larger ones are sent in parts
DOCUMENT_BYTES_MAX = DOCUMENT_CONTENT_BYTES_MAX - 1024  # of the document itself, beside its name
DOCUMENT_NAME_BYTES_MAX = 255  # a file name, as file systems have it
DOCUMENT_TYPE_BYTES_MAX = 127  # a media type
DOCUMENT_CHUNK_BYTES = 64 * 1024  # plaintext under one tag: a browser shows progress and holds little
DOCUMENT_SIZE_CLASS_MIN = 1024  # the smallest padded content: a form and a letter look alike
DOCUMENT_READERS_MAX = 16  # for whom a content key is wrapped: the agency, the owner, and some more
DOCUMENT_HEADER_BYTES_MAX = 4 * 1024  # so many readers take half
DOCUMENT_CONTAINER_BYTES_MAX = (
    DOCUMENT_CONTENT_BYTES_MAX
    + DOCUMENT_CONTENT_BYTES_MAX // DOCUMENT_CHUNK_BYTES * 16
    + DOCUMENT_HEADER_BYTES_MAX
    + 4
)
DOCUMENT_REQUEST_MS_MAX = 120_000  # a signed request is good for so long before and after its time
DOCUMENTS_HELD_MAX = 1_000_000  # files of one node, all in one directory
DOCUMENTS_COMING_MAX = 16  # uploads at once, each in memory: a quarter of a gigabyte
DOCUMENT_ANSWER_BYTES_MAX = 64 * 1024  # a receipt, or why there is none
DOCUMENT_PIECE_BYTES = 256 * 1024  # of an answer in memory at once

# --- Consensus ------------------------------------------------------------------------------------------------
CONSENSUS_ROUNDS_BEHIND_MAX = (
    64  # old rounds whose votes may still decide; at the longest waits over three hours
)
CONSENSUS_ROUNDS_AHEAD_MAX = 8  # rounds ahead kept whole; further ones only as each validator's latest
CONSENSUS_RAISES_MAX = (
    64  # times that a validator far ahead is followed within a round of ours; each is written to disk
)
CONSENSUS_ROUNDS_BUFFERED_MAX = (
    4  # rounds of the next height kept while we finish this one; peers repeat the rest
)
MESSAGE_DELAY_ROUNDS_MAX = (
    100  # rounds for which the message delay grows: by then to seven hours, beyond any clock
)

# --- Links ----------------------------------------------------------------------------------------------------
FRAME_BYTES_MAX = (
    64 * 1024
)  # plaintext of one encrypted frame: large enough to batch, small enough to interleave
FRAMES_BEFORE_REKEY = 65_536  # at most 4 GiB under one key
HANDSHAKE_BYTES_MAX = 1_024  # everything a stranger may send before it is known
HANDSHAKE_SECONDS_MAX = 5
HANDSHAKES_MAX = 32  # half-open at once; the oldest has to finish or go
HANDSHAKES_PER_ADDRESS_MAX = 8  # so that one host cannot hold all of them
LINKS_MAX = 256  # links; a validator has one even beyond them
CONSENSUS_QUEUE_BYTES_MAX = (
    8 * 1024 * 1024
)  # a few proposals and a height's votes; beyond, the link is closed
BLOCKS_QUEUE_BYTES_MAX = 40 * 1024 * 1024  # two of the largest answers
TRANSACTIONS_QUEUE_BYTES_MAX = 16 * 1024 * 1024  # beyond, the newest are not sent: they will be announced
BLOCKS_PER_REQUEST_MAX = 64
BLOCKS_ANSWER_BYTES_MAX = 16 * 1024 * 1024 + 64 * 1024  # the largest block with its certificate
BLOCKS_AT_ONCE_BYTES_MAX = (
    1024 * 1024
)  # more than one block in an answer only up to here: five seconds at 2 Mbit/s
BODIES_ANSWER_BYTES_MAX = 256 * 1024  # votes wait behind it: a second at 2 Mbit/s; two of the largest bodies
PUSH_BYTES_MAX = 512 * 1024  # a batch of transactions on a link
IDS_PER_MESSAGE_MAX = 10_000  # a whole block's
REQUEST_ID_MAX = 2**32 - 1  # chosen by who asks; no link has as many questions open
STATUS_BYTES_MAX = 256  # a signed status takes 140
STATUS_ROUNDS_MAX = 8  # rounds a status speaks of
FAILED_PEERS_MAX = 1_024  # peers whose failures to answer are counted: as many as governance lists
ANNOUNCERS_PER_TRANSACTION_MAX = 8  # links remembered as holding a transaction
GOSSIP_IDS_MAX = 100_000  # transactions whose spreading is followed
WANTED_PER_LINK_MAX = 20_000  # of which one link may make us wait for so many at once
PUSHES_PER_LINK_BYTES_MAX = (
    4 * 1024 * 1024
)  # bodies of one link that wait for admission: two seconds of work; beyond, they are asked for again
STATUS_AGE_MS_MAX = (
    60_000  # a validator's word on where it stands; clocks that differ by more decide no blocks
)
BAN_SECONDS = 60  # a peer that misbehaved is not spoken to
CONNECT_SECONDS_MAX = 5  # after a partition the system itself would try one call for minutes
REDIAL_SECONDS_MIN = 0.1
REDIAL_SECONDS_MAX = 5.0  # a link that lasted longer is called again at once
LINK_IDLE_SECONDS = 15.0  # a keep-alive goes out after a third of it; silence for all of it closes the link

# --- Contracts: modules and the language ----------------------------------------------------------------------
MODULE_BYTES_MAX = 512 * 1024  # our largest contract takes a tenth
MODULE_RECORDS_MAX = 256  # records, and enums, of one module
MODULE_EVENTS_MAX = 256
MODULE_EXTERNALS_MAX = 256  # methods of other contracts that one module calls
MODULE_CONSTANTS_MAX = 4_096
MODULE_MESSAGES_MAX = 2_048
STORAGE_MAX = 256  # Vars and Maps of a module; our largest contract has a tenth
FUNCTIONS_MAX = 512
FIELDS_MAX = 64  # of one record or event
ENUM_MEMBERS_MAX = 256
MAP_KEYS_MAX = 4  # parts of a compound key: a lot's bids by bidder and version need as many
REGISTERS_MAX = 1_024  # of one function
INSTRUCTIONS_MAX = 16_384  # of one function
OPERANDS_MAX = 1_024  # of one instruction: a list literal of the longest list, with room
NESTING_MAX = 48  # IF and FOR inside each other
LOOP_TURNS_MAX = 100_000  # of one loop; gas bounds the work, this bounds what a reader must believe
ROWS_MAX = 10_000  # entries that one range over a Map visits, held in memory while it runs
ROWS_AT_ONCE = 64  # entries of a range that are fetched before they are paid for: 4 MB of the largest
CALL_DEPTH_MAX = 64  # calls inside calls, of all contracts together
TYPE_PARTS_MAX = (
    1_024  # fields of a record and of all records in it: types are walked and compared part by part
)
TYPE_DEPTH_MAX = 6  # records in lists in records; the codec's depth holds it with the call around it
TEMPORARY_BITS_MAX = 2_048  # exact width of a number between two assignments
SOURCE_BYTES_MAX = 256 * 1024  # a contract's text; bounds the parser's memory
SCALE_MAX = 18  # decimals of a quantity; more than any unit of account has
CONDITIONS_JOINED_MAX = 64  # by one row of `and` or `or`: each is a level of the checked tree
NAMES_COMPARED_MAX = 200  # names that a hint is chosen from: a source may have thousands of wrong ones
SOURCE_DEPTH_MAX = 64  # nesting of the syntax tree, so that no stage of the compiler runs out of stack

# --- RPC ------------------------------------------------------------------------------------------------------
RPC_BODY_BYTES_MAX = 8 * 1024 * 1024  # a batch of transactions as base64, twice what a block holds by default
RPC_BATCH_MAX = 100  # requests in one JSON-RPC batch; each may cost a block read
RPC_LIST_MAX = 1_000  # transactions or hashes in one request of ours
RPC_PAGE_MAX = 100  # CometBFT's: waiting or found transactions on one page
RPC_BLOCKS_MAX = 20  # CometBFT's: block metas in one answer
RPC_SUBSCRIBERS_MAX = 100  # open WebSockets; CometBFT's limit of clients
RPC_SUBSCRIPTIONS_MAX = 5  # of one WebSocket; CometBFT's limit
RPC_WAITING_MAX = 25_000  # messages that wait for one subscriber: two full blocks' events
RPC_WAITING_BYTES_MAX = (
    128 * 1024 * 1024
)  # the events of the largest block twice; then a subscriber that does not read is let go
RPC_HEAD_BYTES_MAX = 64 * 1024  # request line and headers; a transaction in a GET may have 16 kB
RPC_REQUEST_SECONDS = 30.0  # within which a request has to come: the largest at 300 kB/s
RPC_READING_SECONDS = (
    60.0  # within which an answer has to be read, so that nobody holds memory by not reading
)
RPC_ANSWER_BYTES_MAX = (
    160 * 1024 * 1024
)  # that a client reads: a batch's with the largest block as base64 at its end
RPC_HEADER_BYTES_MAX = (
    256 * 1024
)  # of an answer about one header: 128 validators with names and signatures take a third
RPC_ERROR_CHARACTERS_MAX = (
    4_000  # of why a node refuses a call: four of our longest; whoever asks logs it, or shows it
)
RPC_ANSWERS_BYTES_MAX = 64 * 1024 * 1024  # of one batch; what comes after is refused
RPC_CONNECTIONS_MAX = 900  # open HTTP connections; CometBFT's limit
RPC_COMMIT_WAIT_MS = 10_000  # broadcast_tx_commit waits so long for a block, as CometBFT does
RPC_QUERY_BYTES_MAX = 512  # a subscription's query, as in CometBFT
RPC_SEARCH_INDEX_MS = 4_000  # that one search spends on indexing blocks before it says that there are more
RPC_SEARCH_MS = (
    3_000  # that one search looks through the index, other searches waiting: longer is an error, never a part
)
RPC_SEARCH_CONDITIONS_MAX = 8  # of events in one search: each is a walk through the index
RPC_FRAME_BYTES_MAX = 64 * 1024  # a request over WebSocket that is not a transaction

# --- Index of events ---------------------------------------------------------------------------------------------
INDEX_VALUE_CHARACTERS_MAX = (
    2 * NAME_BYTES_MAX
)  # ids, keys, names and numbers; of a longer text its hash is indexed
INDEX_STRETCH_ROWS = (
    50_000  # of blocks that are kept, checked and let go together: looked through in a tenth of a second
)
INDEX_SLICE_BLOCKS = 200  # that are indexed in one transaction of the file
INDEX_SLICE_MS = (
    100  # that following the ledger works before it rests as long: half of one core at most, and none mostly
)
INDEX_PART_BYTES_MAX = 1024 * 1024  # of what the index says of itself; bounds nothing but a damaged length
INDEX_NAMES_MAX = 10_000  # fields of events of all contracts: each deployed contract has some tens

# --- Portals --------------------------------------------------------------------------------------------------
PORTAL_SENT_REMEMBERED_MAX = 20_000  # transactions that a portal sent lately: some megabytes
PORTAL_BODY_BYTES_MAX = 256 * 1024  # a form with a bid's envelopes in base64, and the transaction of it
PORTAL_FIELDS_MAX = 256  # of one posted form: a contract's milestones, one by one
PORTAL_NAMES_MAX = 20_000  # of suppliers, remembered by a portal: a few megabytes
PORTAL_SEARCH_PAGES_MAX = 100  # of a hundred transactions: twenty for each bidder of the largest tender
TIMELINE_BYTES_MAX = 256 * 1024 * 1024  # of a downloaded timeline: the largest tender's, with its proofs
PORTAL_BLOCKS_REMEMBERED_MAX = 5_000  # checked headers with their certificates: 10 MB with ten validators
PORTAL_PROOFS_REMEMBERED_MAX = 2_000  # checked transactions: the timelines of some hundred tenders
PORTAL_DOCUMENTS_MAX = 16  # on their way at once in each direction, each in memory: half a gigabyte
PORTAL_CONNECTIONS_MAX = 500  # open at once; a page is answered in milliseconds

# --- Contract machine at run time -----------------------------------------------------------------------------
STATE_KEY_BYTES_MAX = 256  # all parts of a Map's key
STATE_VALUE_BYTES_MAX = 64 * 1024  # one stored value, one bytes or text
CONTRACT_DEPTH_MAX = 8  # of which from contract to contract
WRITES_PER_TRANSACTION_MAX = 1_024
MODULES_CACHED_MAX = 256  # ready modules in memory
REFUSAL_CHARACTERS_MAX = 400  # of what was wrong with a call's arguments
VIEW_GAS_MAX = (
    25_000_000  # what a block has by default: a quarter of a second compiled, some seconds interpreted
)
NODES_MAX = 1_024  # nodes that governance lists

TREE_PATH_MAX = 64  # nibbles of the hash of a key: the way from the root to any leaf
BUCKET_LEAVES_MAX = 24  # of one page of the state tree: all are hashed when one changes, 1 µs each

# --- Proofs of state --------------------------------------------------------------------------------------------
PROOF_DEPTH_MAX = 256  # bits of a hashed key; two keys of one's own may be made to share a quarter of them
PROOF_KEY_BYTES_MAX = (
    STATE_KEY_BYTES_MAX + NAME_BYTES_MAX + 8
)  # of a state key, with its contract and storage
PROOF_VALUE_BYTES_MAX = max(STATE_VALUE_BYTES_MAX, MODULE_BYTES_MAX)
PROOF_BYTES_MAX = 2 * (PROOF_VALUE_BYTES_MAX + PROOF_KEY_BYTES_MAX + PROOF_DEPTH_MAX * 64 + 256) + 512

# --- What follows from others -----------------------------------------------------------------------------------
RESULT_BYTES_MAX = (
    TRANSACTION_CALLS_MAX * (ANSWER_BYTES_MAX + 8)
    + EVENTS_PER_TRANSACTION_MAX * (EVENT_BYTES_MAX + (FIELDS_MAX + 2) * (NAME_BYTES_MAX + 3))
    + 64 * 1024
)  # answers, events with the names of their fields, and a trap: whatever execution makes can be read again

# --- Payments -------------------------------------------------------------------------------------------------
PAYMENT_ENTRY_BYTES_MAX = (
    8 * 1024
)  # a released order with every text at its longest, in the gateway's journal
PAYMENT_MESSAGE_BYTES_MAX = 16 * 1024 * 1024  # a day's statement of some ten thousand entries
PAYMENT_MESSAGE_DEPTH_MAX = 32  # the deepest element of the messages that are read has depth 12
PAYMENT_MESSAGE_ELEMENTS_MAX = 1_000_000  # some thirty for each entry of such a statement
PAYMENT_ALARMS_MAX = 1_000  # different ones that are kept in memory; older ones are in the log
PAYMENT_REPORTS_AT_ONCE = 64  # in one request to a node, and looked up together
PAYMENT_ORDERS_SHOWN_MAX = 500  # of one answer of /orders
ACCOUNT_BYTES_MAX = 4 * 1024  # a supplier's account as JSON
ACCOUNT_NAME_CHARACTERS_MAX = 140  # Max140Text of ISO 20022
ACCOUNT_NUMBER_CHARACTERS_MAX = 34  # Max34Text of ISO 20022
ACCOUNT_SALT_BYTES_MAX = 64  # 16 bytes of chance are enough
BANK_FORM_BYTES_MAX = 16 * 1024  # a form of the sandbox bank's page
BANK_ROWS_SHOWN_MAX = 200  # rows of one table of the sandbox bank's page

# --- The light client ---------------------------------------------------------------------------------------------
LIGHT_NODES_MAX = 64  # nodes that are compared: each is asked at every block
LIGHT_HEADERS_MAX = 10_000  # verified headers on disk: 15 MB with ten validators
LIGHT_BLOCKS_REMEMBERED_MAX = 8  # verified blocks in memory: 130 MB of the largest
LIGHT_RESULTS_REMEMBERED_MAX = 64  # ids and results of as many blocks
LIGHT_NODE_SECONDS = (
    20.0  # that one node may take to show what it claims; others wait so long for who is slow
)
LIGHT_DISPUTE_SECONDS = 120.0  # that two nodes may take to show where they part: some forty answers of each
LIGHT_CAUGHT_SECONDS = (
    600.0  # so long who answered something false is asked last: a bad line may mend, a liar may not
)
LIGHT_AHEAD_MS = (
    60_000  # by which a block may be ahead of this clock: thirty times what honest proposers may be
)
FORK_FILE_BYTES_MAX = 8 * CERTIFICATE_BYTES_MAX + VALIDATORS_MAX * (3 * EVIDENCE_BYTES_MAX + 512)  # as digits

# --- What is proven from genesis on -------------------------------------------------------------------------------
LINEAGE_CHANGES_MAX = 1_000  # of validators, from genesis on: several a week for years
BUNDLE_BLOCKS_MAX = (
    LINEAGE_CHANGES_MAX + 2
)  # each change, and the two blocks that a transaction's result needs
BUNDLE_PATH_MAX = 64  # turns from a leaf to its root: more leaves than there can be
BUNDLE_BYTES_MAX = (
    64 * 1024 * 1024
)  # all of these of a hundred validators, and the largest proof beside its module
BUNDLE_FILE_BYTES_MAX = 3 * BUNDLE_BYTES_MAX  # as JSON: two digits a byte, and the names

# --- Joining ------------------------------------------------------------------------------------------------------
SNAPSHOT_SOURCES_MAX = 16  # peers that are asked for one: each may claim manifests of some megabytes
SNAPSHOT_OFFERS_MAX = 3  # of one peer that are looked at, the newest
SNAPSHOT_FAILURES_MAX = 3  # of one peer in a row: then it is believed to give nothing, and is asked no more
JOIN_NODES_MAX = 64  # addresses in an invitation: a new node needs a few that answer
JOIN_BUNDLE_BYTES_MAX = (
    GENESIS_FILE_BYTES_MAX + 2 * BUNDLE_BYTES_MAX
)  # the genesis document, and the evidence as base64

# --- Snapshots ----------------------------------------------------------------------------------------------------
SNAPSHOT_CHUNK_BYTES_MAX = 1024 * 1024  # of one message: five seconds at 2 Mbit/s; twice the largest module
SNAPSHOT_CHUNKS_MAX = 65_536  # 64 GiB: some hundred million entries
SNAPSHOT_ROWS_MAX = 2**40  # more than so many chunks hold
SNAPSHOT_MANIFEST_BYTES_MAX = SNAPSHOT_CHUNKS_MAX * 32 + 128 * 1024  # and three sets of all validators
SNAPSHOTS_KEPT_MAX = 8  # of one node, and so what it offers in one answer
SNAPSHOTS_ANSWER_BYTES_MAX = (
    2 * SNAPSHOT_MANIFEST_BYTES_MAX
)  # the two largest manifests, or all that are usual
